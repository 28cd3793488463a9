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
      poison_(sys::randomNumber()), pattern_(largestBlock)
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
			      (last ? poison_.seed() % scatteredSamples : 0) %
				      std::max<uint64_t>(last / scatteredSamples, 1));

	std::vector<Block> some;
	for (const uint64_t index : chosen) {
		const uint64_t at = std::min(index, last) * unit;
		some.push_back({offset + at, std::min<uint64_t>(unit, length - at)});
	}
	return some;
}

void Proof::poisonBlock(const Block &block)
{
	const auto pattern = std::span(pattern_).first(block.length);
	poison_.fill(pattern, block.offset);
	destination_.write(block.offset, pattern);
}

bool Proof::isPoisoned(const Block &block)
{
	const auto pattern = std::span(pattern_).first(block.length);
	const auto got = destination_.read(block.offset, block.length);

	poison_.fill(pattern, block.offset);
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
	windowStart_ = offset;
	windowEnd_ = offset + length;

	for (const auto &block : isAll ? blocks(offset, length) : samples(offset, length)) {
		auto mismatch = compare(block);
		if (mismatch) {
			if (isAll)
				extend(*mismatch, windowEnd_);
			return mismatch;
		}
		checkedBytes_ += block.length;
	}
	return std::nullopt;
}

std::optional<Mismatch> Proof::compare(const Block &block)
{
	const auto sent = source_.read(block.offset, block.length);
	const auto got = destination_.read(block.offset, block.length);
	if (std::memcmp(sent.data(), got.data(), block.length) == 0) {
		checksum_ = sys::crc32c(sent, checksum_);
		return std::nullopt;
	}

	const Reach reach{.start = shape_.isStream ? windowStart_ : 0,
			  .end = shape_.isStream ? windowEnd_ : shape_.length,
			  .blockSize = shape_.blockSize,
			  .requestSize = shape_.requestSize};
	const std::vector<std::byte> before(sent.begin(), sent.end());
	auto mismatch = Diagnosis(source_, reach, poison_).explain(block.offset, before, got);
	mismatch.isSourceUnstable = !isSourceStable(block, before);
	return mismatch;
}

// Does the second stretch carry the damage of the first on?
static bool isMore(const Mismatch &mismatch, const Mismatch &next)
{
	const bool isSame = next.kind == mismatch.kind && next.by == mismatch.by &&
			    next.seed == mismatch.seed && !next.boundary;
	// What is unchanged can go on, and end, in the midst of a request.
	const bool isUnchanged = next.kind == "unchanged" || next.kind == "torn";
	const bool isDropped = mismatch.kind == "unchanged" || mismatch.kind == "torn";
	return next.offset == mismatch.offset + mismatch.length &&
	       (isSame || (isUnchanged && isDropped));
}

// A stretch that goes to the end of its block can go on in those behind it.
void Proof::extend(Mismatch &mismatch, uint64_t end)
{
	if (mismatch.kind == "different")
		return;
	for (const auto &block : blocks(windowStart_, end - windowStart_)) {
		if (block.offset < mismatch.offset + mismatch.length)
			continue;
		const auto next = compare(block);
		if (!next || !isMore(mismatch, *next))
			return;
		mismatch.length += next->length;
		if (next->boundary && !mismatch.boundary) {
			mismatch.kind = next->kind;
			mismatch.boundary = next->boundary;
		}
	}
}

bool Proof::isSourceStable(const Block &block, Bytes sent)
{
	const auto again = source_.read(block.offset, block.length);
	return std::ranges::equal(sent, again);
}

}
