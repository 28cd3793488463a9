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

struct MapDumb {
	uint32_t handle = 0;
	uint32_t pad = 0;
	uint64_t offset = 0; // for mmap(2)
};

struct Mode {
	uint32_t clock = 0;
	uint16_t width = 0, hsyncStart = 0, hsyncEnd = 0, htotal = 0, hskew = 0;
	uint16_t height = 0, vsyncStart = 0, vsyncEnd = 0, vtotal = 0, vscan = 0;
	uint32_t refresh = 0; // Hz
	uint32_t flags = 0, type = 0;
	char name[32] = {};
};

// Lists are given by their address and length, in numbers; the length comes back.
struct Resources {
	uint64_t framebuffers = 0, crtcs = 0, connectors = 0, encoders = 0;
	uint32_t framebufferCount = 0, crtcCount = 0, connectorCount = 0, encoderCount = 0;
	uint32_t minWidth = 0, maxWidth = 0, minHeight = 0, maxHeight = 0;
};

struct Connector {
	uint64_t encoders = 0, modes = 0, properties = 0, values = 0;
	uint32_t modeCount = 0, propertyCount = 0, encoderCount = 0;
	uint32_t encoder = 0, connector = 0, type = 0, number = 0;
	uint32_t connection = 0; // 1: something is plugged in
	uint32_t millimetresWide = 0, millimetresHigh = 0, subpixel = 0, pad = 0;
};

struct Encoder {
	uint32_t encoder = 0, type = 0;
	uint32_t crtc = 0;     // 0: none
	uint32_t possible = 0; // bit N: the Nth of the resources' crtcs
	uint32_t clones = 0;
};

struct Crtc {
	uint64_t connectors = 0;
	uint32_t connectorCount = 0;
	uint32_t crtc = 0;
	uint32_t framebuffer = 0; // 0: none
	uint32_t x = 0, y = 0;
	uint32_t gammaSize = 0;
	uint32_t isModeValid = 0;
	Mode mode{};
};

struct Framebuffer {
	uint32_t framebuffer = 0;
	uint32_t width = 0, height = 0;
	uint32_t fourcc = 0;
	uint32_t flags = 0;
	uint32_t handles[4] = {}, pitches[4] = {}, offsets[4] = {};
	uint64_t modifiers[4] = {};
};

struct PageFlip {
	uint32_t crtc = 0, framebuffer = 0;
	uint32_t flags = 0;
	uint32_t reserved = 0;
	uint64_t userData = 0;
};

// What can be read from a card once a flip is done.
struct FlipEvent {
	uint32_t type = 0, length = 0;
	uint64_t userData = 0;
	uint32_t seconds = 0, microseconds = 0, sequence = 0, crtc = 0;
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
constexpr uint32_t CONNECTED = 1, PAGE_FLIP_EVENT = 1;

constexpr unsigned long MODE_GETRESOURCES = _IOWR('d', 0xa0, Resources);
constexpr unsigned long MODE_GETCRTC = _IOWR('d', 0xa1, Crtc);
constexpr unsigned long MODE_SETCRTC = _IOWR('d', 0xa2, Crtc);
constexpr unsigned long MODE_GETENCODER = _IOWR('d', 0xa6, Encoder);
constexpr unsigned long MODE_GETCONNECTOR = _IOWR('d', 0xa7, Connector);
constexpr unsigned long MODE_RMFB = _IOWR('d', 0xaf, uint32_t);
constexpr unsigned long MODE_PAGE_FLIP = _IOWR('d', 0xb0, PageFlip);
constexpr unsigned long MODE_ADDFB2 = _IOWR('d', 0xb8, Framebuffer);
constexpr unsigned long MODE_MAP_DUMB = _IOWR('d', 0xb3, MapDumb);
// The kernel's own sizes are in the numbers of its requests.
static_assert(sizeof(Mode) == 68 && sizeof(Resources) == 64 && sizeof(Connector) == 80 &&
	      sizeof(Encoder) == 20 && sizeof(Crtc) == 104 && sizeof(Framebuffer) == 104 &&
	      sizeof(PageFlip) == 24 && sizeof(FlipEvent) == 32);
constexpr unsigned long MODE_CREATE_DUMB = _IOWR('d', 0xb2, CreateDumb);
constexpr unsigned long MODE_DESTROY_DUMB = _IOWR('d', 0xb4, DestroyDumb);

}
