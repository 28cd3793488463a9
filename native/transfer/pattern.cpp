// SPDX-License-Identifier: MIT
#include "transfer/pattern.h"

#include <algorithm>
#include <cstring>

namespace transfer
{

static constexpr uint64_t wordSize = sizeof(uint64_t);
// Odd, so that they have inverses; of the golden ratio, and one of MurmurHash3's finalizer.
static constexpr uint64_t ofPosition = 0x9e3779b97f4a7c15, ofSeed = 0xff51afd7ed558ccd;
static constexpr unsigned fold = 29;
// Of each 256 bytes one word is all zeros and one all ones.
static constexpr uint64_t cycle = 32, zerosAt = 11, onesAt = 22;

// By Newton: each step doubles the bits that are right.
static constexpr uint64_t inverse(uint64_t odd)
{
	uint64_t value = odd;
	for (int i = 0; i < 5; i++)
		value *= 2 - odd * value;
	return value;
}
static_assert(ofSeed * inverse(ofSeed) == 1);

static uint64_t unfold(uint64_t word)
{
	uint64_t value = word;
	for (unsigned bits = fold; bits < 64; bits += fold)
		value = word ^ value >> fold;
	return value;
}

static bool isExtreme(uint64_t position)
{
	const uint64_t place = position / wordSize % cycle;
	return place == zerosAt || place == onesAt;
}

uint64_t Pattern::word(uint64_t position) const
{
	if (hasExtremes_ && isExtreme(position))
		return position / wordSize % cycle == onesAt ? ~uint64_t{0} : 0;
	const uint64_t value = position * ofPosition + seed_ * ofSeed;
	return value ^ value >> fold;
}

void Pattern::fill(std::span<std::byte> into, uint64_t position) const
{
	const auto part = [&](size_t at, uint64_t skip, size_t count) {
		const uint64_t value = word(position + at - skip);
		const auto *bytes = reinterpret_cast<const std::byte *>(&value);
		std::memcpy(into.data() + at, bytes + skip, count);
	};
	const uint64_t skip = position % wordSize;
	size_t at = std::min<size_t>((wordSize - skip) % wordSize, into.size());

	part(0, skip, at);
	for (; at + wordSize <= into.size(); at += wordSize)
		part(at, 0, wordSize);
	part(at, 0, into.size() - at);
}

std::optional<uint32_t> Pattern::seedOf(std::span<const std::byte> bytes, uint64_t position)
{
	constexpr unsigned enough = 2; // each is right by chance once in 2^32
	unsigned agreeing = 0;
	std::optional<uint64_t> seed;

	for (uint64_t at = (wordSize - position % wordSize) % wordSize;
	     at + wordSize <= bytes.size() && agreeing < 2 * enough; at += wordSize) {
		if (isExtreme(position + at))
			continue;
		uint64_t value;
		std::memcpy(&value, bytes.data() + at, wordSize);
		const uint64_t found =
			(unfold(value) - (position + at) * ofPosition) * inverse(ofSeed);
		if (found >> 32 || found != seed.value_or(found))
			return std::nullopt;
		seed = found;
		agreeing++;
	}
	if (agreeing < enough)
		return std::nullopt;
	return static_cast<uint32_t>(*seed);
}

}
