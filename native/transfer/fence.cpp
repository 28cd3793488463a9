// SPDX-License-Identifier: MIT
#include "transfer/fence.h"

#include "sys/words.h"

#include <algorithm>

namespace transfer
{

static constexpr uint64_t width = 64;

static std::vector<std::byte> read(std::span<std::byte> memory)
{
	std::vector<std::byte> bytes(memory.size());
	sys::copyWords(bytes.data(), memory.data(), memory.size());
	return bytes;
}

Fence::Fence(const HeldMemory *memory, uint64_t length) : length_(length)
{
	// Beside a range that the user vouches for there may be registers, which reading can
	// change.
	if (!memory || !memory->isKnown(length))
		return;
	const auto part = memory->part();
	const uint64_t start = memory->startInPart();
	const uint64_t end = start + length;
	const uint64_t head = std::min(width, start), tail = std::min(width, part.size() - end);

	before_ = part.subspan(start - head, head);
	after_ = part.subspan(end, tail);
	wasBefore_ = read(before_);
	wasAfter_ = read(after_);
}

std::optional<Mismatch> Fence::check() const
{
	if (read(before_) != wasBefore_)
		return Mismatch{.offset = 0, .length = before_.size(), .kind = "guard"};
	if (read(after_) != wasAfter_)
		return Mismatch{.offset = length_, .length = after_.size(), .kind = "guard"};
	return std::nullopt;
}

}
