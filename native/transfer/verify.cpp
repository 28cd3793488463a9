// SPDX-License-Identifier: MIT
#include "transfer/verify.h"

#include "sys/clock.h"
#include "sys/crc32c.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace transfer
{

static constexpr size_t largestBlock = Side::largestBlock;
static constexpr uint64_t scatteredSamples = 16;

Proof::Proof(Side &source, Side &destination, const Shape &shape, Verify mode)
    : source_(source), destination_(destination), shape_(shape), mode_(mode),
      salt_(sys::randomNumber()), pattern_(largestBlock)
{
}

uint64_t Proof::windowSize() const
{
	if (mode_ != Verify::full && !shape_.isStream)
		return shape_.length;
	return std::max<uint64_t>(largestWindow / shape_.requestSize * shape_.requestSize,
				  shape_.requestSize);
}

// Blocks that together cover the window.
std::vector<Proof::Block> Proof::blocks(uint64_t offset, uint64_t length) const
{
	std::vector<Block> all;
	for (uint64_t at = offset; at < offset + length; at += largestBlock)
		all.push_back({at, std::min<uint64_t>(largestBlock, offset + length - at)});
	return all;
}

// The first block, the last, one in the first request of each queue, and some in between.
std::vector<Proof::Block> Proof::samples(uint64_t offset, uint64_t length) const
{
	const size_t unit = std::max<size_t>(shape_.blockSize, 4096);
	const uint64_t last = (length - 1) / unit;
	std::set<uint64_t> chosen{0, last};

	for (unsigned queue = 0; queue < shape_.queues; queue++)
		chosen.insert(std::min(last, queue * (shape_.requestSize / unit)));
	for (uint64_t i = 1; i < scatteredSamples; i++)
		chosen.insert(last * i / scatteredSamples +
			      (last ? salt_ % scatteredSamples : 0) %
				      std::max<uint64_t>(last / scatteredSamples, 1));

	std::vector<Block> some;
	for (const uint64_t index : chosen) {
		const uint64_t at = std::min(index, last) * unit;
		some.push_back({offset + at, std::min<uint64_t>(unit, length - at)});
	}
	return some;
}

// A pattern that no source holds by chance, different at each position and in each run.
static void fillPattern(std::span<std::byte> into, uint64_t position, uint64_t salt)
{
	for (size_t i = 0; i < into.size(); i += sizeof(uint64_t)) {
		uint64_t word = (position + i) * 0x9e3779b97f4a7c15 + salt;
		word ^= word >> 29;
		std::memcpy(into.data() + i, &word, std::min(sizeof word, into.size() - i));
	}
}

void Proof::poisonBlock(const Block &block)
{
	const auto pattern = std::span(pattern_).first(block.length);
	fillPattern(pattern, block.offset, salt_);
	destination_.write(block.offset, pattern);
}

bool Proof::isPoisoned(const Block &block)
{
	const auto pattern = std::span(pattern_).first(block.length);
	const auto got = destination_.read(block.offset, block.length);

	fillPattern(pattern, block.offset, salt_);
	return std::equal(got.begin(), got.end(), pattern.begin());
}

std::optional<Mismatch> Proof::poison(uint64_t offset, uint64_t length)
{
	// Where a stream ends nobody knows yet: what lies behind must stay as it is.
	if (shape_.isStream)
		return std::nullopt;
	// All of a BAR is poisoned for full; a disk is not written twice for it.
	const bool isAll = mode_ == Verify::full && destination_.isMemory();
	for (const auto &block : isAll ? blocks(offset, length) : samples(offset, length))
		poisonBlock(block);
	for (const auto &block : samples(offset, length))
		if (!isPoisoned(block))
			return Mismatch{.offset = block.offset,
					.length = block.length,
					.kind = "not-memory"};
	return std::nullopt;
}

std::optional<Mismatch> Proof::check(uint64_t offset, uint64_t length)
{
	const bool isAll = mode_ == Verify::full;
	for (const auto &block : isAll ? blocks(offset, length) : samples(offset, length)) {
		if (auto mismatch = compare(block))
			return mismatch;
		checkedBytes_ += block.length;
	}
	return std::nullopt;
}

std::optional<Mismatch> Proof::compare(const Block &block)
{
	const auto sent = source_.read(block.offset, block.length);
	const auto got = destination_.read(block.offset, block.length);
	const auto [from, to] = std::mismatch(sent.begin(), sent.end(), got.begin());

	if (from == sent.end()) {
		checksum_ = sys::crc32c(sent, checksum_);
		return std::nullopt;
	}
	return explain(block, sent, got, static_cast<size_t>(from - sent.begin()));
}

Mismatch Proof::explain(const Block &block, Bytes sent, Bytes got, size_t first)
{
	size_t last = first;
	for (size_t i = first; i < got.size(); i++)
		if (sent[i] != got[i])
			last = i;

	Mismatch mismatch{.offset = block.offset + first,
			  .length = last - first + 1,
			  .kind = kindOf({block.offset + first, last - first + 1},
					 sent.subspan(first, last - first + 1),
					 got.subspan(first, last - first + 1))};
	mismatch.isSourceUnstable = !isSourceStable(block, sent);
	return mismatch;
}

bool Proof::isSourceStable(const Block &block, Bytes sent)
{
	const std::vector<std::byte> before(sent.begin(), sent.end());
	const auto again = source_.read(block.offset, block.length);
	return std::equal(before.begin(), before.end(), again.begin());
}

static bool isAll(Bytes bytes, std::byte value)
{
	return std::all_of(bytes.begin(), bytes.end(),
			   [=](std::byte byte) { return byte == value; });
}

// Does the stretch hold the sent bytes, some words further on or back?
static bool isShifted(Bytes sent, Bytes got)
{
	constexpr size_t probe = 64;
	if (got.size() < 2 * probe)
		return false;
	const auto found = std::search(sent.begin(), sent.end(), got.end() - probe, got.end());
	const auto foundHead =
		std::search(sent.begin(), sent.end(), got.begin(), got.begin() + probe);
	return found != sent.end() || foundHead != sent.end();
}

std::string Proof::kindOf(const Block &block, Bytes sent, Bytes got) const
{
	// The pattern is made of whole words from the block's start on.
	const uint64_t start = block.offset / 8 * 8;
	std::vector<std::byte> pattern(block.length + 16);
	fillPattern(pattern, start, salt_);
	const auto poison = Bytes(pattern).subspan(block.offset - start, got.size());

	if (isAll(got, std::byte{0xff}))
		return "all-ones";
	if (std::equal(got.begin(), got.end(), poison.begin()))
		return "unchanged";
	if (isAll(got, std::byte{0}))
		return "zeros";
	size_t unchanged = 0;
	for (size_t i = 0; i < got.size(); i++)
		unchanged += got[i] == poison[i];
	if (unchanged > got.size() / 8)
		return "torn";
	return isShifted(sent, got) ? "shifted" : "different";
}

}
