// SPDX-License-Identifier: MIT
#include "transfer/side.h"

#include "sys/stop.h"
#include "sys/words.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace transfer
{

using device::Direction;

Bytes MemorySide::read(Blocks blocks)
{
	sys::checkStop(stop_);
	size_t at = 0;
	for (const auto &[offset, length] : blocks) {
		sys::copyWords(copy_.data() + at, memory_.data() + offset, length);
		at += length;
	}
	return Bytes(copy_).first(at);
}

void MemorySide::write(Blocks blocks, Bytes bytes)
{
	sys::checkStop(stop_);
	for (const auto &[offset, length] : blocks) {
		sys::copyWords(memory_.data() + offset, bytes.data(), length);
		bytes = bytes.subspan(length);
	}
}

static size_t lengthOf(Blocks blocks)
{
	size_t sum = 0;
	for (const auto &block : blocks)
		sum += block.length;
	return sum;
}

std::vector<Span> MediumSide::spans(Direction direction, Blocks blocks) const
{
	std::vector<Span> all;
	uint64_t at = 0;
	for (const auto &[offset, length] : blocks) {
		all.push_back({direction, start_ + offset, target_, at, length});
		at += length;
	}
	return all;
}

void MediumSide::begin(Blocks blocks)
{
	begun_.reset(); // an error of the other side may have left it under way
	auto errand = std::make_unique<Errand>(client_, spans(Direction::fromMedium, blocks));
	errand->turn();
	begun_ = std::move(errand);
	begunOf_ = {blocks.front().offset, lengthOf(blocks)};
}

Bytes MediumSide::read(Blocks blocks)
{
	if (!begun_ || begunOf_.offset != blocks.front().offset ||
	    begunOf_.length != lengthOf(blocks))
		begin(blocks);
	std::exchange(begun_, nullptr)->finish();
	return Bytes(staging_).first(lengthOf(blocks));
}

void MediumSide::write(Blocks blocks, Bytes bytes)
{
	std::memcpy(staging_.data(), bytes.data(), bytes.size());
	Errand(client_, spans(Direction::toMedium, blocks)).finish();
	// A read that puts nothing here is not to find what was written.
	std::ranges::fill(staging_.first(bytes.size()), std::byte{0});
}

Bytes PastSide::read(Blocks blocks)
{
	const auto past = stream_.past();
	size_t at = 0;
	for (const auto &[offset, length] : blocks)
		for (size_t done = 0; done < length;) {
			const size_t place = (offset + done) % past.size();
			const size_t count = std::min(length - done, past.size() - place);
			std::memcpy(copy_.data() + at, past.data() + place, count);
			done += count;
			at += count;
		}
	return Bytes(copy_).first(at);
}

Bytes PatternSide::read(Blocks blocks)
{
	size_t at = 0;
	for (const auto &[offset, length] : blocks) {
		pattern_.fill(std::span(copy_).subspan(at, length), offset);
		at += length;
	}
	return Bytes(copy_).first(at);
}

}
