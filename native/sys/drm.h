// SPDX-License-Identifier: MIT
// A buffer that a display driver made, in memory of its choosing, and exports as a dma-buf (PRIME;
// Documentation/gpu/drm-mm.rst). A "dumb" one: plain rows of pixels, which every driver that shows
// pictures has.
#pragma once

#include "sys/dma_buf.h"
#include "sys/error.h"

namespace sys
{

class DrmBuffer
{
public:
	// path: of a card's primary node, /dev/dri/card0. size in bytes, rounded up to whole pages.
	// Error P2P_NO_DRM {path, reason: 'node' (no node of DRM), 'render' (a render node, which
	// makes none), 'dumb' or 'prime' (the driver has no such), 'size' (4 GiB or more)}, or
	// errno's name.
	DrmBuffer(const std::string &path, uint64_t size);
	DrmBuffer(const DrmBuffer &) = delete;
	DrmBuffer &operator=(const DrmBuffer &) = delete;
	~DrmBuffer();

	// 'vgem', 'amdgpu'.
	const std::string &driver() const { return driver_; }
	// The same memory at each call.
	DmaBuf exported() const;

private:
	Fd card_;
	std::string driver_;
	uint32_t handle_ = 0;
};

// Error P2P_NO_DRM {path, reason}.
Error noDrm(const Fd &card, const char *reason);

// The buffer of that handle as a dma-buf. Error with errno's name.
DmaBuf exportBuffer(const Fd &card, uint32_t handle);

// The folder in sysfs of the device that the node belongs to; '' where there is none.
std::string deviceOfDrm(const std::string &path);

}
