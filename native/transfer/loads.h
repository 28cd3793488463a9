// SPDX-License-Identifier: MIT
// The story of p2p-bench --loads: how long the CPU's loads and stores take in memory of a function.
#pragma once

#include "sys/stop.h"
#include "transfer/cpu_memory.h"
#include "transfer/meter.h"

#include <functional>

namespace transfer
{

struct LoadOrder {
	Place memory;
	uint64_t length = 0;     // bytes that are used, a multiple of 4096; 0: usualMost at most
	bool isWritten = false;  // stores as well: what is there is lost
	unsigned runs = 3;       // of each
	uint64_t durationNs = 0; // of one run
	Permission permission;
};

// What is timed. load: 8 bytes. storeLoad: 8 bytes there and back, the round trip. loads, stores:
// 4096 bytes, word after word; stores are posted, and the last is waited for.
enum class LoadKind { load, storeLoad, loads, stores };

// One run. Times in nanoseconds.
struct LoadSample {
	LoadKind kind = LoadKind::load;
	Caching caching = Caching::none;
	std::string access; // 'vfio' or 'sysfs'
	size_t size = 0;    // bytes of one
	uint64_t count = 0;
	uint64_t duration = 0;
	uint64_t clock = 0; // what a look at the clock takes, in each of the latencies
	Latencies latencies{};
};

// Errors of CpuMemory; P2P_STOPPED.
void measureLoads(const pci::Machine &machine, const LoadOrder &order, const sys::Stop &stop,
		  const std::function<void(LoadSample)> &tell);

}
