// SPDX-License-Identifier: MIT
#include "sys/clock.h"

#include "sys/error.h"

#include <algorithm>
#include <ctime>
#include <sys/random.h>

namespace sys
{

static constexpr unsigned spins = 2000;

static uint64_t read(clockid_t clock)
{
	timespec time = {};
	clock_gettime(clock, &time);
	return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
	       static_cast<uint64_t>(time.tv_nsec);
}

uint64_t now()
{
	return read(CLOCK_MONOTONIC);
}

uint64_t threadTime()
{
	return read(CLOCK_THREAD_CPUTIME_ID);
}

void pause(uint64_t duration)
{
	const timespec time = {.tv_sec = static_cast<time_t>(duration / 1'000'000'000),
			       .tv_nsec = static_cast<long>(duration % 1'000'000'000)};
	nanosleep(&time, nullptr);
}

void checkStop(const std::stop_token &stop)
{
	if (stop.stop_requested())
		throw Error("P2P_STOPPED", "interrupted");
}

Patience::Patience(uint64_t timeout, std::stop_token stop)
    : timeout_(timeout), stop_(std::move(stop))
{
}

bool Patience::turn()
{
	if (++turns_ < spins)
		return true;
	checkStop(stop_);
	// The time counts from the end of the spinning, which is short.
	if (turns_ == spins)
		deadline_ = now() + timeout_;
	pause(std::min<uint64_t>(1'000'000, 20'000ull * (turns_ - spins + 1)));
	return now() < deadline_;
}

void Patience::renew()
{
	turns_ = 0;
}

uint64_t randomNumber()
{
	uint64_t value = 0;
	check(getrandom(&value, sizeof value, 0), "getrandom", "randomness");
	return value;
}

}
