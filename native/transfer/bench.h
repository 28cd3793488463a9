// SPDX-License-Identifier: MIT
// How fast a namespace reaches memory: requests of one size, so many under way, straight to the
// peer and, beside it, the same through host memory. Reads the namespace and writes the memory.
#pragma once

#include "sys/stop.h"
#include "transfer/plan.h"

#include <functional>
#include <vector>

namespace transfer
{

struct BenchOrder {
	Place from; // a namespace
	Place to;   // memory that is overwritten
	uint64_t length = 0;
	std::vector<size_t> sizes;         // bytes of a request
	std::vector<size_t> depths;        // requests under way
	unsigned runs = 3;                 // of each, the two ways in turn
	uint64_t durationNs = 200'000'000; // of one run; a tenth of it before, unmeasured
	Permission permission{};
};

// One run. Times in nanoseconds.
struct Sample {
	Way way = Way::peer;
	size_t size = 0;
	size_t depth = 0;
	unsigned run = 0;
	uint64_t bytes = 0;
	uint64_t requests = 0;
	uint64_t duration = 0;
	uint64_t cpu = 0; // of this thread
	// From start to completion; 0 where they were not taken (staged).
	uint64_t median = 0, percentile99 = 0, longest = 0;
};

// Looks only, and refuses what copying would. Also Error P2P_BENCH_SIZE (a size that the controller
// does not take).
Plan planBench(const pci::Machine &machine, const BenchOrder &order);

// Proves first, by a sampled copy, that bytes arrive at all: Error P2P_BENCH_WRONG (fact kind).
void bench(const pci::Machine &machine, const Plan &plan, const BenchOrder &order,
	   const sys::Stop &stop, const std::function<void(Sample)> &tell);

}
