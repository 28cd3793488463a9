// SPDX-License-Identifier: MIT
#include "transfer/loads.h"

#include "sys/clock.h"
#include "sys/file.h"
#include "sys/words.h"

#include <array>

namespace transfer
{

static constexpr size_t word = 8, block = 4096;
// Of a cache line: words beside each other could be had for one.
static constexpr size_t stride = 64;

namespace
{

class LoadMeter
{
public:
	LoadMeter(const CpuMemory &memory, Caching caching)
	    : memory_(memory), bytes_(memory.bytes()), caching_(caching)
	{
	}

	LoadSample run(LoadKind kind, uint64_t duration, const std::stop_token &stop);

private:
	void one(LoadKind kind, std::byte *place);
	uint64_t clock();

	const CpuMemory &memory_;
	std::span<std::byte> bytes_;
	Caching caching_;
	Stopwatch watch_;
	alignas(64) std::array<std::byte, block> buffer_{};
};

}

void LoadMeter::one(LoadKind kind, std::byte *place)
{
	switch (kind) {
	case LoadKind::load:
		sys::copyWords(buffer_.data(), place, word);
		break;
	case LoadKind::storeLoad:
		sys::copyWords(place, buffer_.data(), word);
		sys::copyWords(buffer_.data(), place, word);
		break;
	case LoadKind::loads:
		sys::copyWords(buffer_.data(), place, block);
		break;
	case LoadKind::stores:
		sys::copyWords(place, buffer_.data(), block);
		break;
	}
}

uint64_t LoadMeter::clock()
{
	watch_.clear();
	for (int i = 0; i < 1000; i++) {
		watch_.start(0, sys::now());
		watch_.stop(0, sys::now());
	}
	return watch_.latencies().median;
}

LoadSample LoadMeter::run(LoadKind kind, uint64_t duration, const std::stop_token &stop)
{
	const bool isWord = kind == LoadKind::load || kind == LoadKind::storeLoad;
	const size_t step = isWord ? stride : block;
	LoadSample sample{.kind = kind,
			  .caching = caching_,
			  .access = memory_.access(),
			  .size = isWord ? word : block,
			  .clock = clock()};
	watch_.clear();
	const uint64_t begun = sys::now();
	uint64_t time = begun;

	for (size_t at = 0; time < begun + duration; at = (at + step) % bytes_.size()) {
		sys::checkStop(stop);
		const uint64_t start = sys::now();
		one(kind, bytes_.data() + at);
		time = sys::now();
		watch_.start(0, start);
		watch_.stop(0, time);
		sample.count++;
	}
	// Behind stores, a load comes once they have arrived.
	if (kind == LoadKind::stores)
		one(LoadKind::load, bytes_.data());
	sample.duration = sys::now() - begun;
	sample.latencies = watch_.latencies();
	memory_.requireAnswer();
	return sample;
}

static void measure(const pci::Machine &machine, const LoadOrder &order, Caching caching,
		    const sys::Stop &stop, const std::function<void(LoadSample)> &tell)
{
	const CpuMemory memory(machine, order.memory, order.permission,
			       {.length = order.length, .unit = block, .most = usualMost}, caching);
	LoadMeter meter(memory, caching);

	for (unsigned run = 0; run < order.runs; run++)
		for (const auto kind :
		     {LoadKind::load, LoadKind::storeLoad, LoadKind::loads, LoadKind::stores})
			if (order.isWritten || kind == LoadKind::load || kind == LoadKind::loads)
				tell(meter.run(kind, order.durationNs, stop));
}

void measureLoads(const pci::Machine &machine, const LoadOrder &order, const sys::Stop &stop,
		  const std::function<void(LoadSample)> &tell)
{
	measure(machine, order, Caching::none, stop, tell);
	// The two one after the other: a mapping is what the first of the same memory is
	// (arch/x86/mm/pat/memtype.c).
	const auto &function = machine.find(order.memory.name);
	const auto combined =
		function.folder + "/resource" + std::to_string(order.memory.index) + "_wc";
	const bool isBar = order.memory.kind == PlaceKind::bar;
	if (isBar && function.driver != "vfio-pci" && sys::exists(combined))
		measure(machine, order, Caching::combining, stop, tell);
}

}
