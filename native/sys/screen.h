// SPDX-License-Identifier: MIT
// A display of a card's (DRM, Documentation/gpu/drm-kms.rst), and buffers that it shows one after
// another. What it showed before comes back at the end.
#pragma once

#include "sys/dma_buf.h"
#include "sys/drm_uapi.h"
#include "sys/view.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sys
{

class Screen
{
public:
	// path: of a card's primary node. Error P2P_NO_DRM {path, reason: 'node', 'screen' (no
	// display is connected), 'master' (another program has it)}.
	explicit Screen(const std::string &path);
	Screen(const Screen &) = delete;
	Screen &operator=(const Screen &) = delete;
	~Screen();

	// Makes buffers of that many pixels at least, and as the display's mode wants it; fourcc
	// and bits as DRM has them. Error P2P_NO_DRM {path, reason: 'dumb', 'format'}.
	void make(unsigned count, uint32_t fourcc, unsigned bits, uint32_t width, uint32_t height);
	uint32_t pitch() const { return buffers_.front().pitch; } // bytes from row to row
	// For another driver. Error with errno's name where this one exports none.
	DmaBuf exported(unsigned buffer) const;
	// As the CPU sees it.
	std::span<std::byte> bytes(unsigned buffer);
	// Returns once it is on the display, and the buffer before it is not.
	void show(unsigned buffer);

private:
	struct Buffer {
		uint32_t handle = 0, framebuffer = 0, pitch = 0;
		uint64_t size = 0;
		View view{};
	};

	void choose();
	bool takeLit(const std::vector<uint32_t> &connectors);
	bool takeDark(const std::vector<uint32_t> &connectors, const std::vector<uint32_t> &crtcs);
	int light(const drm::Crtc &wanted) const;
	bool flip(uint32_t framebuffer) const;

	Fd card_;
	std::vector<uint32_t> connectors_;
	drm::Crtc found_{}; // what it shows when nobody asks
	drm::Mode mode_{};
	std::vector<Buffer> buffers_;
	bool isLit_ = false;
};

}
