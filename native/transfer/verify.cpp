// SPDX-License-Identifier: MIT
#include "transfer/verify.h"

#include "sys/clock.h"
#include "sys/crc32c.h"

#include <algorithm>
#include <cstring>

namespace transfer
{

static constexpr size_t largestBlock = Side::largestBlock;
static constexpr uint64_t scatteredSamples = 16;

Proof::Proof(Side &source, Side &destination, const Shape &shape, Verify mode)
    : source_(source), destination_(destination), shape_(shape), mode_(mode),
      poison_(sys::randomNumber())
{
}

namespace
{

// A block that differs, and where it starts in the bytes of all.
struct Wrong {
	Block block;
	size_t at;
};

}

// The first of the blocks of which two sides hold different bytes.
static std::optional<Wrong> firstWrong(Blocks blocks, Bytes one, Bytes other)
{
	size_t at = 0;
	for (const auto &block : blocks) {
		if (std::memcmp(one.data() + at, other.data() + at, block.length) != 0)
			return Wrong{block, at};
		at += block.length;
	}
	return std::nullopt;
}

uint64_t Proof::windowSize() const
{
	if (mode_ != Verify::full && !shape_.isStream)
		return shape_.length;
	return std::max<uint64_t>(largestWindow / shape_.requestSize * shape_.requestSize,
				  shape_.requestSize);
}

// Blocks that together cover the window.
std::vector<Proof::Batch> Proof::everything(uint64_t offset, uint64_t length) const
{
	std::vector<Batch> all;
	for (uint64_t at = offset; at < offset + length; at += largestBlock)
		all.push_back({{at, std::min<uint64_t>(largestBlock, offset + length - at)}});
	return all;
}

// The first block, the last, one in the first request of each queue, and some in between.
std::vector<Proof::Batch> Proof::samples(uint64_t offset, uint64_t length) const
{
	const size_t unit = std::max<size_t>(shape_.blockSize, 4096);
	const uint64_t last = (length - 1) / unit;
	std::vector<uint64_t> chosen{0, last};

	for (unsigned queue = 0; queue < shape_.queues; queue++)
		chosen.push_back(std::min(last, queue * (shape_.requestSize / unit)));
	const uint64_t step = std::max<uint64_t>(last / scatteredSamples, 1);
	for (uint64_t i = 1; i < scatteredSamples; i++)
		chosen.push_back(std::min(last, last * i / scatteredSamples +
							poison_.seed() % scatteredSamples % step));
	std::ranges::sort(chosen);
	chosen.erase(std::ranges::unique(chosen).begin(), chosen.end());

	std::vector<Batch> some;
	for (const uint64_t index : chosen) {
		if (some.empty() || (some.back().size() + 1) * unit > largestBlock)
			some.emplace_back();
		const uint64_t at = index * unit;
		some.back().push_back({offset + at, std::min<uint64_t>(unit, length - at)});
	}
	return some;
}

std::optional<Mismatch> Proof::poison(uint64_t offset, uint64_t length)
{
	// Where a stream ends nobody knows yet: what lies behind must stay as it is.
	if (shape_.isStream)
		return std::nullopt;
	// All of a BAR is poisoned for full; a disk is not written twice for it.
	const bool isAll = mode_ == Verify::full && destination_.isMemory();
	const auto looked = samples(offset, length);
	for (const auto &blocks : isAll ? everything(offset, length) : looked)
		destination_.write(blocks, poisoned_.read(blocks));
	for (const auto &blocks : looked)
		if (const auto wrong =
			    firstWrong(blocks, poisoned_.read(blocks), destination_.read(blocks)))
			return Mismatch{.offset = wrong->block.offset,
					.length = wrong->block.length,
					.kind = "not-memory"};
	return std::nullopt;
}

std::optional<Mismatch> Proof::check(uint64_t offset, uint64_t length)
{
	const bool isAll = mode_ == Verify::full;
	windowStart_ = offset;
	windowEnd_ = offset + length;

	for (const auto &blocks : isAll ? everything(offset, length) : samples(offset, length)) {
		auto mismatch = compare(blocks);
		if (mismatch) {
			if (isAll)
				extend(*mismatch, windowEnd_);
			return mismatch;
		}
		for (const auto &block : blocks)
			checkedBytes_ += block.length;
	}
	return std::nullopt;
}

std::optional<Mismatch> Proof::compare(Blocks blocks)
{
	source_.begin(blocks);
	destination_.begin(blocks);
	const auto got = destination_.read(blocks);
	const auto sent = source_.read(blocks);

	if (const auto wrong = firstWrong(blocks, sent, got))
		return explain(wrong->block, sent.subspan(wrong->at, wrong->block.length),
			       got.subspan(wrong->at, wrong->block.length));
	if (mode_ == Verify::full)
		checksum_ = sys::crc32c(sent, checksum_);
	return std::nullopt;
}

Mismatch Proof::explain(const Block &block, Bytes sent, Bytes got)
{
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
	// A few bytes at the edge can be right by chance.
	constexpr uint64_t few = 8;
	return next.offset - (mismatch.offset + mismatch.length) < few &&
	       (isSame || (isUnchanged && isDropped));
}

// A stretch that goes to the end of its block can go on in those behind it.
void Proof::extend(Mismatch &mismatch, uint64_t end)
{
	if (mismatch.kind == "different")
		return;
	for (const auto &blocks : everything(windowStart_, end - windowStart_)) {
		if (blocks.front().offset < mismatch.offset + mismatch.length)
			continue;
		const auto next = compare(blocks);
		if (!next || !isMore(mismatch, *next))
			return;
		mismatch.length = next->offset + next->length - mismatch.offset;
		if (next->boundary && !mismatch.boundary) {
			mismatch.kind = next->kind;
			mismatch.boundary = next->boundary;
		}
	}
}

bool Proof::isSourceStable(const Block &block, Bytes sent)
{
	const auto again = source_.read(only(block));
	return std::ranges::equal(sent, again);
}

}
