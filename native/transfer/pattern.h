// SPDX-License-Identifier: MIT
// Data of our own: words that differ at each position and for each seed, so that it can be told
// where a word belongs and which run wrote it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace transfer
{

class Pattern
{
public:
	// hasExtremes: some words are all zeros or all ones, which links and memories take badly.
	explicit Pattern(uint64_t seed, bool hasExtremes = false)
	    : seed_(seed), hasExtremes_(hasExtremes)
	{
	}

	uint64_t seed() const { return seed_; }
	// The bytes from that position on, any position.
	void fill(std::span<std::byte> into, uint64_t position) const;

	// The seed below 2^32 of the pattern with extremes that bytes at this position are of;
	// nullopt where they are of none, or too few (32 bytes tell for certain).
	static std::optional<uint32_t> seedOf(std::span<const std::byte> bytes, uint64_t position);

private:
	uint64_t word(uint64_t position) const;

	uint64_t seed_;
	bool hasExtremes_;
};

}
