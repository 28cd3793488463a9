// SPDX-License-Identifier: MIT
// A device that gives pictures, one after another (V4L2 capture,
// Documentation/userspace-api/media/v4l/capture.rst): which pictures, into whose memory.
#pragma once

#include "sys/fd.h"
#include "sys/view.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sys
{

// Where frames land.
enum class VideoMemory {
	mmap,    // memory of the driver's own
	userptr, // ours, by its address
	dmabuf,  // another driver's, by a descriptor
};

struct VideoFormat {
	std::string fourcc{}; // 'YUYV', 'XR24': Documentation/userspace-api/media/v4l/pixfmt.rst
	uint32_t width = 0, height = 0;
	uint32_t pitch = 0; // bytes from one row to the next
	uint32_t size = 0;  // bytes of a frame
};

struct VideoFrame {
	unsigned buffer = 0;
	uint32_t sequence = 0;  // of the device's frames; what it had no buffer for is left out
	uint64_t time = 0;      // CLOCK_MONOTONIC, nanoseconds
	bool isDamaged = false; // the driver says so, or it is shorter than a frame
};

class Video
{
public:
	// Most buffers that a device may have (VIDEO_MAX_FRAME).
	static constexpr unsigned mostBuffers = 32;

	// Error P2P_NO_VIDEO {path, reason: 'node' (no node of V4L2), 'capture' (it gives no
	// pictures), 'planes' (only by the interface for several planes), 'streaming'}, or errno's
	// name.
	explicit Video(const std::string &path);
	Video(const Video &) = delete;
	Video &operator=(const Video &) = delete;
	// Stops; the format is again as it was found.
	~Video();

	const VideoFormat &format() const { return format_; }
	// What is empty or 0 in wish stays as the device has it, or becomes what the driver likes.
	// Error P2P_VIDEO_FORMAT {path, reason: 'format', 'size', 'compressed' or 'fields' (each
	// picture is half a frame, and both halves have one number), asked, offers}; EBUSY where
	// another program is at it.
	void choose(const VideoFormat &wish);

	// Takes so many buffers, in the place of those before: how many there are, which the
	// driver decides; 0 where it has no such sort. From then on nobody else changes the format:
	// Error EBUSY where somebody did before.
	unsigned reserve(VideoMemory sort, unsigned count);
	// Buffers of the driver's own, about so many, all handed over. Error P2P_NO_VIDEO {path,
	// reason: 'memory'} where it has not two.
	void takeOwnMemory(unsigned count);
	// Hands a buffer to the device. into: of userptr. Errors with errno's name.
	void queue(unsigned buffer, std::span<std::byte> into = {}) const;
	// descriptor: of dmabuf.
	void queue(unsigned buffer, int descriptor) const;
	// What the driver's own memory holds, where the sort is mmap.
	std::span<std::byte> bytes(unsigned buffer) const { return views_[buffer].bytes(); }

	void start();
	void stop() noexcept;
	// A buffer that is full, without waiting; its descriptor is readable then.
	std::optional<VideoFrame> take() const;
	int number() const { return fd_.number(); }
	const std::string &path() const { return fd_.path(); }

private:
	void requireFormat() const;

	Fd fd_;
	VideoFormat format_;
	std::vector<std::byte> found_; // as the kernel has it; empty where it still is
	VideoMemory sort_ = VideoMemory::mmap;
	std::vector<View> views_;
	bool isRunning_ = false;
};

}
