// SPDX-License-Identifier: MIT
// The loop that keeps a client's queues full. No system call, allocation or copy per request.
#pragma once

#include "device/client.h"
#include "route/clearance.h"

#include <cstdint>
#include <functional>
#include <stop_token>

namespace transfer
{

// A stretch of the medium and the memory that belongs to it.
struct Span {
	device::Direction direction = device::Direction::fromMedium;
	uint64_t medium = 0;
	device::Target target{};
	uint64_t offset = 0;
	uint64_t length = 0;
};

struct Pace {
	size_t requestSize = 0;              // bytes; at most the client's maxTransfer()
	uint64_t timeoutNs = 30'000'000'000; // for any one request
	std::stop_token stop{};
	// Told how many bytes of the span are done, at most ten times a second.
	std::function<void(uint64_t)> tell{};
};

// Moves the span; how many requests that took. Errors: the client's; P2P_TIMEOUT; P2P_STOPPED
// where stop was asked for; the client ends what is under way when it ends itself.
uint64_t move(const route::Clearance &clearance, device::Client &client, const Span &span,
	      const Pace &pace);

// The same between a medium and our own host memory: nothing peer-to-peer about it, so that it
// needs no clearance. For reading back, poison and signatures.
void run(device::Client &client, const Span &span);

}
