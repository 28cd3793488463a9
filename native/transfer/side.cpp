// SPDX-License-Identifier: MIT
#include "transfer/side.h"

#include "sys/stop.h"
#include "sys/words.h"
#include "transfer/move.h"

#include <algorithm>
#include <cstring>

namespace transfer
{

using device::Direction;

Bytes MemorySide::read(uint64_t offset, size_t length)
{
	sys::checkStop(stop_);
	sys::copyWords(copy_.data(), memory_.data() + offset, length);
	return Bytes(copy_).first(length);
}

void MemorySide::write(uint64_t offset, Bytes bytes)
{
	sys::checkStop(stop_);
	sys::copyWords(memory_.data() + offset, bytes.data(), bytes.size());
}

Bytes MediumSide::read(uint64_t offset, size_t length)
{
	run(client_, {Direction::fromMedium, start_ + offset, target_, 0, length});
	return Bytes(staging_).first(length);
}

void MediumSide::write(uint64_t offset, Bytes bytes)
{
	std::memcpy(staging_.data(), bytes.data(), bytes.size());
	run(client_, {Direction::toMedium, start_ + offset, target_, 0, bytes.size()});
}

Bytes PastSide::read(uint64_t offset, size_t length)
{
	const auto past = stream_.past();
	for (size_t done = 0; done < length;) {
		const size_t place = (offset + done) % past.size();
		const size_t count = std::min(length - done, past.size() - place);
		std::memcpy(copy_.data() + done, past.data() + place, count);
		done += count;
	}
	return Bytes(copy_).first(length);
}

Bytes PatternSide::read(uint64_t offset, size_t length)
{
	const auto bytes = std::span(copy_).first(length);
	pattern_.fill(bytes, offset);
	return bytes;
}

}
