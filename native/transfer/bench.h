// SPDX-License-Identifier: MIT
// How fast a client and a peer's memory are together: requests of one size, so many under way, and
// beside them the same through host memory, and the client with host memory alone.
#pragma once

#include "sys/stop.h"
#include "transfer/meter.h"
#include "transfer/plan.h"

#include <functional>
#include <vector>

namespace transfer
{

// What is measured, in turn.
enum class Arm {
	peer,   // straight between the client and the peer's memory
	staged, // through host memory, the CPU carrying the other half
	host,   // the client and host memory, nobody copying: what it can give
};

struct BenchOrder {
	// A namespace into memory; memory into a namespace, which is overwritten; or memory into
	// memory, by an engine.
	Place from, to;
	std::string engine;
	uint64_t length = 0;               // bytes of either end that are used
	std::vector<size_t> sizes;         // bytes of a request
	std::vector<size_t> depths;        // requests under way, at most 256
	unsigned runs = 3;                 // of each, the arms in turn
	uint64_t durationNs = 200'000'000; // of one run; a tenth of it before, unmeasured
	Permission permission{};
	bool overwriteSignature = false;
};

// One run. Times in nanoseconds.
struct Sample {
	Arm arm = Arm::peer;
	size_t size = 0;
	size_t depth = 0;
	unsigned run = 0;
	uint64_t bytes = 0;
	uint64_t requests = 0;
	uint64_t duration = 0;
	uint64_t cpu = 0; // of the one thread, which looks for completions all the time
	// Of the turns that had something to do; 0 where it was not taken (staged).
	uint64_t busy = 0;
	Latencies latencies{};
};

// Looks only, and refuses what copying would. Also Error P2P_BENCH_SIZE (a size that the controller
// does not take).
Plan planBench(const pci::Machine &machine, const BenchOrder &order);

// Proves first, by a sampled copy, that bytes arrive at all: Error P2P_BENCH_WRONG (fact kind).
// What copying refuses before it writes, that copy refuses: P2P_SIGNATURE, P2P_REGISTER_BAR.
void bench(const pci::Machine &machine, const Plan &plan, const BenchOrder &order,
	   const sys::Stop &stop, const std::function<void(Sample)> &tell);

}
