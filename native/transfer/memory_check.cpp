// SPDX-License-Identifier: MIT
#include "transfer/memory_check.h"

#include "sys/clock.h"
#include "sys/words.h"
#include "transfer/pattern.h"

#include <algorithm>
#include <vector>

namespace transfer
{

static constexpr size_t word = sizeof(uint64_t);

namespace
{

// What the word at an index holds.
using Words = std::function<uint64_t(uint64_t)>;

class Checker
{
public:
	Checker(const CpuMemory &memory, const sys::Stop &stop,
		const std::function<void(uint64_t)> &tell)
	    : bytes_(memory.bytes()), stop_(stop), tell_(tell), buffer_(blockWords)
	{
	}

	// One word takes every value in turn: data lines that are stuck or joined.
	bool checkData(const std::string &name, const Words &values);
	// Words a power of two apart, then one of them changed: address lines.
	bool checkAddresses(const std::string &name);
	// All is written, then all is compared: so that a word that is two shows.
	bool checkAll(const std::string &name, const Words &words);

	std::vector<std::string> tried;
	std::optional<MemoryFaults> faults;

private:
	static constexpr size_t blockWords = 8192;

	uint64_t load(uint64_t index) const;
	void store(uint64_t index, uint64_t value) const;
	void expect(uint64_t index, uint64_t wrote, uint64_t read);
	uint64_t count() const { return bytes_.size() / word; }

	std::span<std::byte> bytes_;
	const sys::Stop &stop_;
	const std::function<void(uint64_t)> &tell_;
	std::vector<uint64_t> buffer_;
};

}

uint64_t Checker::load(uint64_t index) const
{
	uint64_t value = 0;
	sys::copyWords(reinterpret_cast<std::byte *>(&value), bytes_.data() + index * word, word);
	return value;
}

void Checker::store(uint64_t index, uint64_t value) const
{
	sys::copyWords(bytes_.data() + index * word, reinterpret_cast<std::byte *>(&value), word);
}

void Checker::expect(uint64_t index, uint64_t wrote, uint64_t read)
{
	if (wrote == read)
		return;
	if (!faults)
		faults = {.pattern = tried.back(),
			  .offset = index * word,
			  .wrote = wrote,
			  .read = read};
	faults->count++;
	faults->bits |= wrote ^ read;
}

bool Checker::checkData(const std::string &name, const Words &values)
{
	tried.push_back(name);
	for (uint64_t bit = 0; bit < 64; bit++) {
		store(0, values(bit));
		// Something else on the lines in between: what is read is not what still charges
		// them.
		if (count() > 1)
			store(1, ~values(bit));
		expect(0, values(bit), load(0));
	}
	return !faults;
}

bool Checker::checkAddresses(const std::string &name)
{
	constexpr uint64_t before = 0xaaaa'aaaa'aaaa'aaaa, after = ~before;
	std::vector<uint64_t> places{0};
	for (uint64_t index = 1; index < count(); index *= 2)
		places.push_back(index);

	tried.push_back(name);
	for (const uint64_t changed : places) {
		for (const uint64_t place : places)
			store(place, before);
		store(changed, after);
		for (const uint64_t place : places)
			expect(place, place == changed ? after : before, load(place));
	}
	return !faults;
}

bool Checker::checkAll(const std::string &name, const Words &words)
{
	std::vector<uint64_t> expected(blockWords);
	const auto block = [&](uint64_t at) {
		return std::min<uint64_t>(blockWords, count() - at);
	};
	const auto fill = [&](uint64_t at) {
		for (uint64_t i = 0; i < block(at); i++)
			expected[i] = words(at + i);
	};
	const auto place = [&](uint64_t at) { return bytes_.data() + at * word; };

	tried.push_back(name);
	for (uint64_t at = 0; at < count(); at += blockWords) {
		sys::checkStop(stop_);
		fill(at);
		sys::copyWords(place(at), reinterpret_cast<std::byte *>(expected.data()),
			       block(at) * word);
		tell_(block(at) * word);
	}
	for (uint64_t at = 0; at < count(); at += blockWords) {
		sys::checkStop(stop_);
		fill(at);
		sys::copyWords(reinterpret_cast<std::byte *>(buffer_.data()), place(at),
			       block(at) * word);
		for (uint64_t i = 0; i < block(at); i++)
			expect(at + i, expected[i], buffer_[i]);
		tell_(block(at) * word);
	}
	return !faults;
}

static uint64_t randomWord(uint32_t seed, uint64_t index)
{
	uint64_t value = 0;
	Pattern(seed, true).fill(std::as_writable_bytes(std::span(&value, 1)), index * word);
	return value;
}

MemoryCheck checkMemory(const pci::Machine &machine, const CheckOrder &order, const sys::Stop &stop,
			const std::function<void(uint64_t, uint64_t)> &tell)
{
	const CpuMemory memory(machine, order.memory, order.permission,
			       {.length = order.length, .unit = word, .most = usualMost});
	constexpr uint64_t passes = 5;
	const uint64_t total = 2 * passes * memory.bytes().size();
	uint64_t done = 0;
	const std::function<void(uint64_t)> count = [&](uint64_t bytes) {
		memory.requireAnswer();
		tell(done += bytes, total);
	};
	const uint64_t begun = sys::now();
	Checker checker(memory, stop, count);

	const auto walk = [](uint64_t index) { return uint64_t{1} << index % 64; };
	const auto own = [](uint64_t index) { return index * word; };
	const auto isSound =
		checker.checkData("walking one", walk) &&
		checker.checkData("walking zero", [&](uint64_t i) { return ~walk(i); }) &&
		checker.checkAddresses("address lines") && checker.checkAll("own address", own) &&
		checker.checkAll("own address inverted", [&](uint64_t i) { return ~own(i); }) &&
		checker.checkAll("walking one in each word", walk) &&
		checker.checkAll("walking zero in each word",
				 [&](uint64_t i) { return ~walk(i); }) &&
		checker.checkAll("random", [&](uint64_t i) { return randomWord(order.seed, i); });
	// Ones and zeros may be nobody's.
	if (!isSound)
		memory.requireAnswer();
	return {.length = memory.bytes().size(),
		.access = memory.access(),
		.patterns = checker.tried,
		.faults = checker.faults,
		.duration = sys::now() - begun};
}

}
