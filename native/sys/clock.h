// SPDX-License-Identifier: MIT
// Time, and waiting for something that can only be looked at.
#pragma once

#include "sys/stop.h"

#include <cstdint>

namespace sys
{

// CLOCK_MONOTONIC, nanoseconds.
uint64_t now();
// CPU time of this thread, nanoseconds.
uint64_t threadTime();
// Sleeps; nanoseconds.
void pause(uint64_t duration);

// Waiting by looking again and again: spins at first, then sleeps ever longer, up to 1 ms.
class Patience
{
public:
	// timeout: nanoseconds until the next turn() answers false.
	explicit Patience(uint64_t timeout, std::stop_token stop = {});
	// To be called after each look that found nothing; false when the time is up. Error
	// P2P_STOPPED, once it sleeps.
	bool turn();
	// Something happened: spin again, and start the time anew.
	void renew();

private:
	uint64_t timeout_;
	std::stop_token stop_;
	uint64_t deadline_ = 0;
	unsigned turns_ = 0;
};

// 64 bits that nobody can foresee.
uint64_t randomNumber();

}
