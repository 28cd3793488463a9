// SPDX-License-Identifier: MIT
#include "transfer/frames.h"

#include "sys/crc32c.h"
#include "sys/process.h"

#include <algorithm>

namespace transfer
{

static uint64_t roundUp(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

uint64_t partOf(uint64_t stride, uint64_t most, uint64_t block)
{
	uint64_t parts = (stride + most - 1) / most;
	while (parts < stride / block && (stride % parts != 0 || stride / parts % block != 0))
		parts++;
	return stride / parts;
}

uint64_t strideOf(uint64_t frame, const device::Client *sink)
{
	if (!sink || sink->blockSize() == 1)
		return frame;
	constexpr uint64_t smallest = 64 << 10; // bytes of a request that is worth making
	const uint64_t block = sink->blockSize(), most = sink->maxTransfer();
	const bool isEven = frame % block == 0;
	if (isEven && partOf(frame, most, block) >= std::min(frame, smallest))
		return frame;
	return roundUp(frame, block * ((frame + most - 1) / most));
}

uint64_t ringSize(const device::Video &video)
{
	using device::Video;
	constexpr uint64_t worthHaving = 64 << 20;
	const uint64_t stride = video.maxTransfer();
	const uint64_t available = sys::availableBytes().value_or(UINT64_MAX);
	const uint64_t frames = std::clamp<uint64_t>(std::min(worthHaving, available / 8) / stride,
						     Video::leastFrames, Video::mostFrames);
	return frames * stride;
}

static std::optional<std::string> wholly(std::span<const std::byte> bytes)
{
	const auto isAll = [&](std::byte value) {
		return std::ranges::all_of(bytes, [&](std::byte byte) { return byte == value; });
	};
	if (isAll(std::byte{0xff}))
		return "all-ones";
	return isAll(std::byte{0}) ? std::optional<std::string>("zeros") : std::nullopt;
}

namespace
{

// A frame as it was read where it went.
struct Found {
	uint32_t sum = 0;
	std::optional<std::string> wholly{}; // one kind of byte
};

}

// Whole blocks are read, and of the padding nothing is asked. all: the sum of the frames before, to
// be carried on; nullptr where nobody wants it.
static Found readFrame(Side &to, uint64_t offset, const device::Frames &frames, uint32_t *all)
{
	const uint64_t size = frames.format.size;
	Found found;
	for (uint64_t at = 0; at < size; at += Side::largestBlock) {
		const uint64_t left = std::min<uint64_t>(Side::largestBlock, frames.stride - at);
		const Block block{offset + at, left};
		const auto bytes = to.read(only(block)).first(std::min(left, size - at));
		found.sum = sys::crc32c(bytes, found.sum);
		if (all)
			*all = sys::crc32c(bytes, *all);
		const auto kind = wholly(bytes);
		found.wholly = at == 0 || found.wholly == kind ? kind : std::nullopt;
	}
	return found;
}

uint64_t sumEach(const device::Video &video, Verify mode)
{
	constexpr uint64_t scattered = 16;
	if (mode == Verify::full)
		return 1;
	return video.count() ? std::max(video.count() / scattered, uint64_t{1}) : scattered;
}

FrameProof proveFrames(const device::Video &video, Side &to, Verify mode)
{
	const auto &frames = video.frames();
	const auto sums = std::span(video.sums()).first(frames.count);
	FrameProof proof;
	uint32_t all = 0;

	for (uint64_t i = 0; i < sums.size(); i++) {
		if (!video.isSummed(i))
			continue;
		const auto found = readFrame(to, i * frames.stride, frames,
					     mode == Verify::full ? &all : nullptr);
		proof.bytes += frames.format.size;
		if (found.sum == sums[i])
			continue;
		proof.mismatch = {.offset = i * frames.stride,
				  .length = frames.format.size,
				  .kind = found.wholly.value_or("different")};
		return proof;
	}
	if (mode == Verify::full)
		proof.checksum = all;
	return proof;
}

}
