// SPDX-License-Identifier: MIT
#include "transfer/diagnosis.h"

#include <algorithm>
#include <functional>

namespace transfer
{

// So many equal bytes in a row end a wrong stretch: what follows is another.
static constexpr size_t gap = 4096;
// So many bytes that stand unchanged are no chance.
static constexpr size_t certain = 8;
// Of fewer no kind can be told.
static constexpr size_t least = 4;
static constexpr size_t largestProbe = 64, smallestProbe = 16;
static constexpr int64_t mostRequestsAway = 1024;

static bool isAll(Bytes bytes, std::byte value)
{
	return std::ranges::all_of(bytes, [=](std::byte byte) { return byte == value; });
}

static std::vector<std::byte> copyOf(Bytes bytes)
{
	return {bytes.begin(), bytes.end()};
}

Mismatch Diagnosis::explain(uint64_t offset, Bytes sent, Bytes got)
{
	offset_ = offset;
	sent_ = copyOf(sent);
	got_ = copyOf(got);
	before_.resize(got.size());
	poison_.fill(before_, offset);

	Stretch stretch{0, 0};
	while (stretch.first + 1 < got_.size() && sent_[stretch.first] == got_[stretch.first])
		stretch.first++;
	for (size_t at = stretch.end = stretch.first; at < got_.size() && at - stretch.end < gap;
	     at++)
		if (sent_[at] != got_[at])
			stretch.end = at + 1;
	stretch = widen(stretch);

	Mismatch mismatch{.offset = offset + stretch.first, .length = stretch.end - stretch.first};
	const auto wrong = Bytes(got_).subspan(stretch.first, mismatch.length);
	const bool isTelling = wrong.size() >= std::min(least, got_.size());
	if (isTelling)
		findTear(stretch, mismatch);
	if (isTelling && isAll(wrong, std::byte{0xff}))
		mismatch.kind = "all-ones";
	else if (isTelling && mismatch.kind.empty() && isAll(wrong, std::byte{0}))
		mismatch.kind = "zeros";
	if (!mismatch.kind.empty())
		return mismatch;

	mismatch.by = displacement(stretch);
	mismatch.seed = mismatch.by ? std::nullopt : Pattern::seedOf(wrong, mismatch.offset);
	const auto size = static_cast<int64_t>(reach_.requestSize);
	const bool isStale = mismatch.seed || (mismatch.by && *mismatch.by % size == 0);
	mismatch.kind = isStale ? "stale" : mismatch.by ? "shifted" : "different";
	return mismatch;
}

// Bytes that stand unchanged can be as they were sent by chance, so that the edge of the stretch
// lies a little further out. Requests end where requests end. That a few bytes at an edge stand
// unchanged is chance itself: then the edge is where the first of them differs.
Diagnosis::Stretch Diagnosis::widen(Stretch stretch) const
{
	const size_t length = stretch.end - stretch.first;
	if (length < std::min(least, got_.size()))
		return stretch;
	const size_t enough = std::min(certain, length);
	const auto isDropped = [&](size_t at) {
		const auto bytes = Bytes(got_).subspan(at, enough);
		return std::ranges::equal(bytes, Bytes(before_).subspan(at, enough));
	};
	const bool isDroppedFirst = isDropped(stretch.first);
	const bool isDroppedLast = isDropped(stretch.end - enough);

	if (isDroppedFirst)
		stretch.first = edgeNear(stretch.first);
	if (isDroppedLast)
		stretch.end = edgeNear(stretch.end);
	return stretch;
}

size_t Diagnosis::edgeNear(size_t edge) const
{
	const auto isEither = [&](size_t at) { return sent_[at] == before_[at]; };
	size_t low = edge, high = edge;
	while (low > 0 && isEither(low - 1))
		low--;
	while (high < got_.size() && isEither(high))
		high++;
	return snap(low, high);
}

// The likeliest edge in [low, high] of the block: between requests, else between words.
size_t Diagnosis::snap(size_t low, size_t high) const
{
	for (const uint64_t unit : {uint64_t{reach_.requestSize}, uint64_t{4}}) {
		const uint64_t edge = (offset_ + low + unit - 1) / unit * unit;
		if (edge <= offset_ + high)
			return edge - offset_;
	}
	return low;
}

// 'unchanged' where nothing of the stretch arrived, and where it ends requests do or the block
// that was looked at; 'torn' with the boundary where some did; else no kind.
void Diagnosis::findTear(const Stretch &stretch, Mismatch &mismatch) const
{
	const size_t length = stretch.end - stretch.first;
	size_t unchanged = 0;
	for (size_t at = stretch.first; at < stretch.end; at++)
		unchanged += isUnchanged(at);
	if (unchanged <= length / 8 || unchanged < std::min(certain, length))
		return;

	const bool isWhole = unchanged == length;
	const auto edge = isWhole ? edgeAround(stretch) : edgeInside(stretch);
	if (edge)
		mismatch.boundary = offset_ + *edge;
	if (edge || isWhole)
		mismatch.kind = edge ? "torn" : "unchanged";
}

// An end of what stands unchanged that is in the midst of a request.
std::optional<size_t> Diagnosis::edgeAround(const Stretch &stretch) const
{
	for (const size_t edge : {stretch.first, stretch.end})
		if (edge > 0 && edge < got_.size() && (offset_ + edge) % reach_.requestSize != 0)
			return edge;
	return std::nullopt;
}

// Where what stands unchanged and what does not meet first in the stretch.
std::optional<size_t> Diagnosis::edgeInside(const Stretch &stretch) const
{
	for (size_t at = stretch.first; at < stretch.end; at++) {
		size_t end = at;
		while (end < stretch.end && isUnchanged(end))
			end++;
		if (end - at >= certain)
			return edgeNear(at == stretch.first ? end : at);
		at = end;
	}
	return std::nullopt;
}

Bytes Diagnosis::readSource(uint64_t start, uint64_t end)
{
	nearby_.clear();
	for (uint64_t at = start; at < end; at += Side::largestBlock) {
		const auto part =
			source_.read(only({at, std::min<uint64_t>(Side::largestBlock, end - at)}));
		nearby_.insert(nearby_.end(), part.begin(), part.end());
	}
	return nearby_;
}

// Is that what the source holds so many bytes before? Looks at as much of the stretch as the
// source can tell of, which has to be half of it.
bool Diagnosis::isFrom(const Stretch &stretch, int64_t by)
{
	const auto place = [&](size_t at) { return static_cast<int64_t>(offset_ + at) - by; };
	const int64_t start =
		std::max<int64_t>(place(stretch.first), static_cast<int64_t>(reach_.start));
	const int64_t end = std::min<int64_t>(place(stretch.end), static_cast<int64_t>(reach_.end));
	if (end - start < static_cast<int64_t>((stretch.end - stretch.first + 1) / 2))
		return false;

	const uint64_t low = static_cast<uint64_t>(start) / reach_.blockSize * reach_.blockSize;
	const uint64_t unit = reach_.blockSize;
	const uint64_t high =
		std::min((static_cast<uint64_t>(end) + unit - 1) / unit * unit, reach_.end);
	const auto there = readSource(low, high);
	const auto first = static_cast<size_t>(start + by - static_cast<int64_t>(offset_));
	const auto length = static_cast<size_t>(end - start);
	return std::ranges::equal(Bytes(got_).subspan(first, length),
				  there.subspan(static_cast<uint64_t>(start) - low, length));
}

// A piece of the stretch that is not the same word again and again, and so says where it is from.
static std::optional<size_t> telling(Bytes bytes, size_t length)
{
	for (size_t at = 0; at + length <= bytes.size(); at += length / 2) {
		const auto piece = bytes.subspan(at, length);
		if (!std::equal(piece.begin() + 8, piece.end(), piece.begin()))
			return at;
	}
	return std::nullopt;
}

std::optional<int64_t> Diagnosis::displacement(const Stretch &stretch)
{
	const auto wrong = Bytes(got_).subspan(stretch.first, stretch.end - stretch.first);
	const size_t length = std::min(largestProbe, wrong.size());
	const auto at = length < smallestProbe ? std::nullopt : telling(wrong, length);
	if (!at)
		return std::nullopt;
	const auto probe = wrong.subspan(*at, length);
	const uint64_t position = offset_ + stretch.first + *at;
	const auto by = near(stretch, probe, position);
	return by ? by : far(stretch, probe, position);
}

// By any number of bytes, up to a block away.
std::optional<int64_t> Diagnosis::near(const Stretch &stretch, Bytes probe, uint64_t position)
{
	constexpr size_t mostTries = 64;
	const uint64_t around = Side::largestBlock;
	const uint64_t unit = reach_.blockSize;
	const uint64_t low =
		std::max(offset_ > around ? (offset_ - around) / unit * unit : 0, reach_.start);
	const uint64_t high = std::min(offset_ + got_.size() + around, reach_.end);
	const auto there = copyOf(readSource(low, high));

	std::vector<int64_t> found;
	const std::boyer_moore_horspool_searcher searcher(
		probe.begin(), probe.end(),
		[](std::byte byte) { return static_cast<unsigned>(byte); });
	for (auto at = there.begin(); found.size() < mostTries;) {
		at = std::search(at, there.end(), searcher);
		if (at == there.end())
			break;
		found.push_back(static_cast<int64_t>(position - low) - (at++ - there.begin()));
	}
	std::ranges::sort(found, {}, [](int64_t by) { return std::abs(by); });
	for (const int64_t by : found)
		if (by != 0 && isFrom(stretch, by))
			return by;
	return std::nullopt;
}

// By whole requests, further away: two that changed places, or a slot that was used again too
// early.
std::optional<int64_t> Diagnosis::far(const Stretch &stretch, Bytes probe, uint64_t position)
{
	const Stretch part{position - offset_, position - offset_ + probe.size()};

	for (int64_t away = 1; away <= mostRequestsAway; away++)
		for (const int64_t count : {away, -away}) {
			const int64_t by = count * static_cast<int64_t>(reach_.requestSize);
			if (isFrom(part, by) && isFrom(stretch, by))
				return by;
		}
	return std::nullopt;
}

}
