// SPDX-License-Identifier: MIT
// Patience and progress: what every loop that moves bytes has besides its requests. It spins where
// an answer is near, and sleeps until the clients' own signals where it is not.
#pragma once

#include "device/client.h"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <stop_token>
#include <vector>

namespace transfer
{

struct Pace {
	size_t requestSize = 0;              // bytes; at most the client's maxTransfer()
	uint64_t timeoutNs = 30'000'000'000; // for any one request of a device
	// Requests of a relay's source under way at most; else as many as it takes.
	uint64_t underWay = UINT64_MAX;
	std::stop_token stop{};
	// Told how many bytes of the span are done, at most ten times a second; what it throws
	// ends the work.
	std::function<void(uint64_t)> tell{};
};

class Beat
{
public:
	// Both are kept by reference.
	Beat(const Pace &pace, std::initializer_list<device::Client *> clients)
	    : pace_(pace), clients_(clients)
	{
	}

	// To be called after each look: did something finish, and how many requests do devices
	// have? May sleep, 20 ms at most. Errors: P2P_TIMEOUT where devices have requests and
	// nothing has finished for a second more than any one may take; those of Client::check().
	void turn(bool isProgress, uint64_t doneBytes, uint64_t underWay);

private:
	void learn();
	void tick(uint64_t time, uint64_t doneBytes);
	void wait();

	const Pace &pace_;
	std::vector<device::Client *> clients_;
	unsigned mostSpins_ = 0;  // what is worth spinning for, in looks; 0: not known yet
	unsigned spins_ = lesson; // looks in vain before it sleeps
	unsigned idle_ = 0;       // turns without progress
	unsigned turns_ = 0;      // and with
	uint64_t lookedAt_ = 0, leastNs_ = UINT64_MAX; // of a part of the lesson
	uint64_t idleSince_ = 0, woken_ = 0;
	uint64_t ticked_ = 0;

	static constexpr unsigned lesson = 128; // looks that are timed, once, in parts
};

}
