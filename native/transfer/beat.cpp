// SPDX-License-Identifier: MIT
#include "transfer/beat.h"

#include "sys/clock.h"
#include "sys/error.h"

#include <algorithm>
#include <array>
#include <span>

namespace transfer
{

using sys::Error;

static constexpr uint64_t second = 1'000'000'000;
static constexpr uint64_t tickEvery = second / 10;
static constexpr uint64_t longestNap = 1'000'000, shortestNap = 20'000;
static constexpr int longestWait = 20; // ms; a stop is noticed as soon
// What comes sooner than this is spun for: about what sleeping and being woken cost in emulation,
// and ten times what they cost on hardware, where flash answers within it.
static constexpr uint64_t worthSpinning = 100'000;
static constexpr unsigned fewSpins = 50;
static constexpr unsigned turnsPerClock = 64;

void Beat::turn(bool isProgress, uint64_t doneBytes, uint64_t underWay)
{
	if (isProgress) {
		if (idle_ >= spins_)
			spins_ = woken_ - idleSince_ < worthSpinning ? mostSpins_ : fewSpins;
		idle_ = 0;
		// The clock is looked at seldom: it can be a system call.
		if (++turns_ % turnsPerClock == 0)
			tick(sys::now(), doneBytes);
		return;
	}
	if (++idle_ < spins_) {
		if (mostSpins_ == 0)
			learn();
		return;
	}
	const uint64_t time = sys::now();
	// People and pipes take as long as they like.
	if (idle_ == spins_ || underWay == 0)
		idleSince_ = time;
	tick(time, doneBytes);
	// Whoever watches each of its requests has said so by now.
	if (time - idleSince_ > pace_.timeoutNs + second)
		throw Error("P2P_TIMEOUT", "no request finished in time", {{"what", "a request"}});
	wait();
	woken_ = sys::now();
}

// How long a look takes, clients differ in. The shortest part counts: in another this thread may
// have been out of the CPU.
void Beat::learn()
{
	constexpr unsigned part = lesson / 4;
	if (idle_ != 1 && idle_ % part != 0)
		return;
	const uint64_t time = sys::now();
	if (idle_ > part)
		leastNs_ = std::min(leastNs_, time - lookedAt_);
	lookedAt_ = time;
	if (idle_ != lesson - part)
		return;
	const uint64_t perLook = std::max<uint64_t>(leastNs_ / part, 1);
	mostSpins_ = static_cast<unsigned>(
		std::clamp<uint64_t>(worthSpinning / perLook, lesson, 1'000'000));
	spins_ = mostSpins_;
}

void Beat::tick(uint64_t time, uint64_t doneBytes)
{
	if (time - ticked_ < tickEvery)
		return;
	ticked_ = time;
	for (auto *client : clients_)
		client->check();
	if (pace_.tell)
		pace_.tell(doneBytes);
}

// Until one of the clients has news; a nap where one of them has no way to say so.
void Beat::wait()
{
	std::array<sys::Signal, 2> signals{};
	size_t count = 0;
	bool isSignal = true;

	for (auto *client : clients_) {
		const auto signal = client->signal();
		isSignal = isSignal && signal;
		if (signal && signal->fd >= 0)
			signals[count++] = *signal;
	}
	if (isSignal && count > 0)
		sys::waitFor(std::span(signals).first(count), longestWait);
	else
		sys::pause(std::min<uint64_t>(longestNap, shortestNap * (idle_ - spins_ + 1)));
}

}
