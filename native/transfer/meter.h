// SPDX-License-Identifier: MIT
// What p2p-bench measures with: requests kept under way for a given time, and their latencies.
#pragma once

#include "device/client.h"
#include "transfer/move.h"

#include <array>
#include <stop_token>
#include <vector>

namespace transfer
{

// From the start of a request to its completion; nanoseconds, 0 where too few were taken for it:
// percentile999 wants 10,000 requests.
struct Latencies {
	uint64_t median = 0, percentile99 = 0, percentile999 = 0, longest = 0;
};

// Times requests by their slots. Allocates nothing once it is made.
class Stopwatch
{
public:
	Stopwatch();

	void clear() { taken_.clear(); }
	// slot: below 4096.
	void start(uint32_t slot, uint64_t time) { started_[slot] = time; }
	void stop(uint32_t slot, uint64_t time);
	Latencies latencies();

private:
	std::vector<uint64_t> started_; // by slot
	std::vector<uint64_t> taken_;   // the first of a run, at most so many as fit
};

// So many requests of one size, again and again over the span, until the time is up.
class Meter
{
public:
	Meter(const Leave &leave, device::Client &client, const Span &span, size_t size,
	      size_t depth, Stopwatch &watch);

	struct Run {
		uint64_t requests = 0; // that finished
		// Nanoseconds of the turns that handed something over or found something; the
		// rest was looked in vain.
		uint64_t busy = 0;
	};
	// duration: nanoseconds; what is under way then is waited for. Errors: the client's;
	// P2P_TIMEOUT; P2P_STOPPED.
	Run run(uint64_t duration, const std::stop_token &stop);

private:
	size_t fill(uint64_t time);
	void collect(size_t count, uint64_t time);

	device::Client &client_;
	const Span &span_;
	size_t size_;
	size_t depth_;
	Stopwatch &watch_;
	std::vector<uint32_t> free_;
	std::array<uint32_t, 256> tags_{};
	uint64_t at_ = 0;
};

// A client whose requests start, or stop, a watch, and of which no more are under way than the
// measurement says: the two ends of a relay time what goes through it.
class Timed : public device::Client
{
public:
	enum class End { first, last };

	Timed(device::Client &client, Stopwatch &watch, End end, size_t depth)
	    : client_(client), watch_(watch), end_(end), depth_(depth)
	{
	}

	std::string engine() const override { return client_.engine(); }
	size_t blockSize() const override { return client_.blockSize(); }
	uint64_t mediumSize() const override { return client_.mediumSize(); }
	size_t maxTransfer() const override { return client_.maxTransfer(); }
	bool start(const device::Request &request) override;
	size_t poll(std::span<uint32_t> finished) override;
	std::optional<sys::Signal> signal() override { return client_.signal(); }
	void check() override { client_.check(); }
	unsigned underWay() const override { return client_.underWay(); }

private:
	device::Client &client_;
	Stopwatch &watch_;
	End end_;
	size_t depth_;
	size_t underWay_ = 0;
};

}
