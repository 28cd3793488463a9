// SPDX-License-Identifier: MIT
// The story of p2p-bench --check-memory: does memory of a function keep what the CPU writes?
#pragma once

#include "sys/stop.h"
#include "transfer/cpu_memory.h"

#include <functional>

namespace transfer
{

struct CheckOrder {
	Place memory;
	uint64_t length = 0; // bytes, a multiple of 8; 0: usualMost at most. All is overwritten
	uint32_t seed = 0;   // of the random words
	Permission permission;
};

// Words of 8 bytes that were not as they were written.
struct MemoryFaults {
	std::string pattern; // the first one that showed some
	uint64_t offset = 0; // bytes, from the place's offset on, of the first
	uint64_t wrote = 0;
	uint64_t read = 0;
	uint64_t count = 0; // of words, of that pattern
	uint64_t bits = 0;  // that differed in any of them
};

struct MemoryCheck {
	uint64_t length = 0;
	std::string access;                // 'vfio' or 'sysfs'
	std::vector<std::string> patterns; // that were tried, in order
	std::optional<MemoryFaults> faults{};
	uint64_t duration = 0; // nanoseconds
};

// tell: bytes that were written and compared so far, and in all. Ends with the first pattern that
// shows faults. Errors of CpuMemory; P2P_STOPPED.
MemoryCheck checkMemory(const pci::Machine &machine, const CheckOrder &order, const sys::Stop &stop,
			const std::function<void(uint64_t, uint64_t)> &tell);

}
