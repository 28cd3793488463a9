// SPDX-License-Identifier: MIT
#include "transfer/meter.h"

#include "sys/clock.h"

#include <algorithm>

namespace transfer
{

using device::Client;

static constexpr size_t mostLatencies = 1 << 18;
static constexpr size_t enoughForThousandths = 10'000;

// All of it is touched here, so that no page of it is made while something is measured.
Stopwatch::Stopwatch() : started_(mostSlots), taken_(mostLatencies)
{
	taken_.clear();
}

void Stopwatch::stop(uint32_t slot, uint64_t time)
{
	if (taken_.size() < mostLatencies)
		taken_.push_back(time - started_[slot]);
}

Latencies Stopwatch::latencies()
{
	if (taken_.empty())
		return {};
	std::sort(taken_.begin(), taken_.end());
	const size_t count = taken_.size();
	return {.median = taken_[count / 2],
		.percentile99 = taken_[count * 99 / 100],
		.percentile999 = count < enoughForThousandths ? 0 : taken_[count * 999 / 1000],
		.longest = taken_.back()};
}

Meter::Meter(const Leave &, Client &client, const Span &span, size_t size, size_t depth,
	     Stopwatch &watch)
    : client_(client), span_(span), size_(size), depth_(depth), watch_(watch)
{
	for (uint32_t slot = 0; slot < depth; slot++)
		free_.push_back(slot);
}

// One look at the clock a turn: it is the end of what this turn found and the start of what the
// next one hands over.
Meter::Run Meter::run(uint64_t duration, const std::stop_token &stop)
{
	Run run;
	const Pace pace{.requestSize = size_, .stop = stop};
	Beat beat(pace, {&client_});
	uint64_t time = sys::now();
	const uint64_t end = time + duration;

	watch_.clear();
	while (time < end || free_.size() < depth_) {
		sys::checkStop(stop);
		const uint64_t start = time;
		const size_t started = time < end ? fill(time) : 0;
		const size_t count = client_.poll(tags_);
		time = sys::now();
		collect(count, time);
		run.requests += count;
		if (count > 0 || started > 0)
			run.busy += time - start;
		beat.turn(count > 0, 0, depth_ - free_.size());
		if (count == 0)
			time = sys::now(); // it may have slept
	}
	return run;
}

size_t Meter::fill(uint64_t time)
{
	const size_t free = free_.size();
	while (!free_.empty()) {
		const uint32_t slot = free_.back();
		if (!client_.start({.direction = span_.direction,
				    .medium = span_.medium + at_,
				    .target = span_.target,
				    .offset = span_.offset + at_,
				    .length = size_,
				    .tag = slot}))
			break;
		watch_.start(slot, time);
		free_.pop_back();
		at_ = at_ + 2 * size_ <= span_.length ? at_ + size_ : 0;
	}
	return free - free_.size();
}

void Meter::collect(size_t count, uint64_t time)
{
	for (size_t i = 0; i < count; i++) {
		free_.push_back(tags_[i]);
		watch_.stop(tags_[i], time);
	}
}

bool Timed::start(const device::Request &request)
{
	if (underWay_ == depth_)
		return false;
	// Before it starts: a request of the CPU is over when start() returns.
	if (end_ == End::first)
		watch_.start(request.tag, sys::now());
	const bool isTaken = client_.start(request);
	underWay_ += isTaken;
	return isTaken;
}

size_t Timed::poll(std::span<uint32_t> finished)
{
	const size_t count = client_.poll(finished);
	underWay_ -= count;
	if (end_ == End::last && count > 0) {
		const uint64_t time = sys::now();
		for (size_t i = 0; i < count; i++)
			watch_.stop(finished[i], time);
	}
	return count;
}

}
