// SPDX-License-Identifier: MIT
#include "transfer/verify.h"

#include "sys/clock.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace transfer
{

using Bytes = std::span<const std::byte>;

static constexpr uint64_t largestWindow = 64 << 20;
static constexpr size_t largestBlock = 1 << 20;
static constexpr uint64_t scatteredSamples = 16;

Proof::Proof(device::Client &client, const vfio::Container &container, vfio::IovaPlan &plan,
	     const Span &whole, std::span<std::byte> bar, Verify mode, size_t requestSize)
    : client_(client), whole_(whole), bar_(bar), mode_(mode), requestSize_(requestSize),
      salt_(sys::randomNumber()), staging_(container, plan, 2 * largestBlock),
      stagingTarget_(client.prepare(staging_.iova(), staging_.bytes().size())),
      barCopy_(largestBlock)
{
}

uint64_t Proof::windowSize() const
{
	if (mode_ != Verify::full)
		return whole_.length;
	return std::max<uint64_t>(largestWindow / requestSize_ * requestSize_, requestSize_);
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
	const size_t unit = std::max<size_t>(client_.blockSize(), 4096);
	const uint64_t last = (length - 1) / unit;
	std::set<uint64_t> chosen{0, last};

	for (unsigned queue = 0; queue < client_.queues(); queue++)
		chosen.insert(std::min(last, queue * (requestSize_ / unit)));
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

// The CPU's way to a BAR: words of eight bytes where they are aligned, so that no access is
// torn into pieces that a device might not take.
static void copyWords(volatile std::byte *to, const volatile std::byte *from, size_t length)
{
	const auto misalignment =
		(reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from) | length) & 7;
	if (misalignment == 0) {
		auto *into = reinterpret_cast<volatile uint64_t *>(to);
		auto *out = reinterpret_cast<const volatile uint64_t *>(from);
		for (size_t i = 0; i < length / 8; i++)
			into[i] = out[i];
		return;
	}
	auto *into = reinterpret_cast<volatile uint32_t *>(to);
	auto *out = reinterpret_cast<const volatile uint32_t *>(from);
	for (size_t i = 0; i < length / 4; i++)
		into[i] = out[i];
}

static Bytes readBar(std::vector<std::byte> &copy, std::span<std::byte> bar, uint64_t offset,
		     size_t length)
{
	copyWords(copy.data(), bar.data() + offset, length);
	return Bytes(copy).first(length);
}

Bytes Proof::readMedium(const Block &block, bool isSecond)
{
	const size_t place = isSecond ? largestBlock : 0;
	run(client_, {device::Direction::fromMedium, whole_.medium + block.offset, stagingTarget_,
		      place, block.length});
	return Bytes(staging_.bytes()).subspan(place, block.length);
}

void Proof::writeMedium(const Block &block)
{
	run(client_, {device::Direction::toMedium, whole_.medium + block.offset, stagingTarget_, 0,
		      block.length});
}

static bool isToBar(const Span &span)
{
	return span.direction == device::Direction::fromMedium;
}

void Proof::poisonBlock(const Block &block)
{
	if (!isToBar(whole_)) {
		fillPattern(staging_.bytes().first(block.length), block.offset, salt_);
		writeMedium(block);
		return;
	}
	fillPattern(std::span(barCopy_).first(block.length), block.offset, salt_);
	copyWords(bar_.data() + block.offset, barCopy_.data(), block.length);
}

bool Proof::isPoisoned(const Block &block)
{
	const auto got = isToBar(whole_) ? readBar(barCopy_, bar_, block.offset, block.length)
					 : readMedium(block);
	std::vector<std::byte> pattern(block.length);

	fillPattern(pattern, block.offset, salt_);
	return std::equal(got.begin(), got.end(), pattern.begin());
}

std::optional<Mismatch> Proof::poison(uint64_t offset, uint64_t length)
{
	// All of a BAR is poisoned for full; a disk is not written twice for it.
	const bool isAll = mode_ == Verify::full && isToBar(whole_);
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
	const auto onMedium = readMedium(block);
	const auto onBar = readBar(barCopy_, bar_, block.offset, block.length);
	const auto sent = isToBar(whole_) ? onMedium : onBar;
	const auto got = isToBar(whole_) ? onBar : onMedium;
	const auto [from, to] = std::mismatch(sent.begin(), sent.end(), got.begin());

	if (from == sent.end())
		return std::nullopt;
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
	const auto again = isToBar(whole_) ? readMedium(block, true)
					   : readBar(barCopy_, bar_, block.offset, block.length);
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
