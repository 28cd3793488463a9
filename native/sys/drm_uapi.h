// SPDX-License-Identifier: MIT
// The part of the DRM interface that is used here (include/uapi/drm/drm.h, drm_mode.h), whose
// headers not every system has with those of the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/ioctl.h>

namespace sys::drm
{

struct Version {
	int major = 0, minor = 0, patch = 0;
	size_t nameLength = 0;
	char *name = nullptr;
	size_t dateLength = 0;
	char *date = nullptr;
	size_t textLength = 0;
	char *text = nullptr;
};

struct Capability {
	uint64_t capability = 0;
	uint64_t value = 0;
};

struct CreateDumb {
	uint32_t height = 0, width = 0;
	uint32_t bitsPerPixel = 0;
	uint32_t flags = 0;
	uint32_t handle = 0, pitch = 0; // from the driver, as the next
	uint64_t size = 0;              // bytes
};

struct DestroyDumb {
	uint32_t handle = 0;
};

struct Prime {
	uint32_t handle = 0;
	uint32_t flags = 0; // O_CLOEXEC, O_RDWR
	int32_t fd = -1;
};

constexpr uint64_t CAP_PRIME = 5, PRIME_CAP_EXPORT = 2;

constexpr unsigned long VERSION = _IOWR('d', 0x00, Version);
constexpr unsigned long GET_CAP = _IOWR('d', 0x0c, Capability);
constexpr unsigned long PRIME_HANDLE_TO_FD = _IOWR('d', 0x2d, Prime);
constexpr unsigned long MODE_CREATE_DUMB = _IOWR('d', 0xb2, CreateDumb);
constexpr unsigned long MODE_DESTROY_DUMB = _IOWR('d', 0xb4, DestroyDumb);

}
