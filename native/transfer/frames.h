// SPDX-License-Identifier: MIT
// Frames of a capture card on their way: how they lie, and the proof that they arrived.
#pragma once

#include "device/video.h"
#include "transfer/diagnosis.h"
#include "transfer/order.h"
#include "transfer/side.h"

#include <cstdint>
#include <optional>

namespace transfer
{

// Bytes from one frame to the next in a medium of such blocks: the frame's own where they divide
// it, and where requests of at most `most` bytes can be made of it.
uint64_t strideOf(uint64_t frame, const device::Client *sink);
// Bytes of the requests that make up a frame, at most `most`, whole blocks.
uint64_t partOf(uint64_t stride, uint64_t most, uint64_t block);
// Bytes of host memory that frames go through, as many of them as there are worth having.
uint64_t ringSize(const device::Video &video);

struct FrameProof {
	std::optional<Mismatch> mismatch{};
	uint64_t bytes = 0; // compared
	// CRC-32C of all frames, one after another, where all were compared.
	std::optional<uint32_t> checksum{};
};

// Of how many frames one is looked at: each, or the first, some and, of a number, the last.
uint64_t sumEach(const device::Video &video, Verify mode);

// Reads frames where they went, and compares their sums with those that they had when the card
// handed them over: those that were summed. There is no poison: what lies
// where the next frames will be is nobody's business until they come.
FrameProof proveFrames(const device::Video &video, Side &to, Verify mode);

}
