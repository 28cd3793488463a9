// SPDX-License-Identifier: MIT
#include "transfer/bench.h"

#include "device/cpu.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "transfer/copy.h"
#include "transfer/guard.h"
#include "transfer/hold.h"
#include "transfer/move.h"

#include <algorithm>
#include <array>

namespace transfer
{

using device::Client;
using device::Direction;
using sys::Error;

static constexpr uint64_t timeout = 30'000'000'000;
static constexpr size_t mostLatencies = 1 << 20;

static size_t largest(const std::vector<size_t> &numbers)
{
	return *std::max_element(numbers.begin(), numbers.end());
}

Plan planBench(const pci::Machine &machine, const BenchOrder &order)
{
	return transfer::plan(machine, {.from = order.from,
					.to = order.to,
					.via = std::nullopt,
					.engine = "",
					.length = order.length,
					.verify = Verify::sample,
					.permission = order.permission,
					.queues = 1,
					.depth = static_cast<unsigned>(largest(order.depths))});
}

namespace
{

// So many requests of one size, again and again over the range, until the time is up.
class Meter
{
public:
	Meter(Client &client, const Span &span, size_t size, size_t depth)
	    : client_(client), span_(span), size_(size), started_(depth)
	{
		for (uint32_t slot = 0; slot < depth; slot++)
			free_.push_back(slot);
		latencies_.reserve(mostLatencies);
	}

	void run(uint64_t duration, const std::stop_token &stop)
	{
		finished_ = 0;
		latencies_.clear();
		sys::Patience patience(timeout);
		const uint64_t end = sys::now() + duration;
		while (sys::now() < end || free_.size() < started_.size()) {
			if (stop.stop_requested())
				throw Error("P2P_STOPPED", "interrupted");
			if (sys::now() < end)
				fill();
			if (collect() > 0)
				patience.renew();
			else if (!patience.turn())
				throw Error("P2P_TIMEOUT", "no request finished in time",
					    {{"what", "a request"}});
		}
	}

	void report(Sample &sample)
	{
		sample.requests = finished_;
		sample.bytes = finished_ * size_;
		if (latencies_.empty())
			return;
		std::sort(latencies_.begin(), latencies_.end());
		sample.median = latencies_[latencies_.size() / 2];
		sample.percentile99 = latencies_[latencies_.size() * 99 / 100];
		sample.longest = latencies_.back();
	}

private:
	void fill()
	{
		while (!free_.empty()) {
			const uint32_t slot = free_.back();
			if (!client_.start({.direction = span_.direction,
					    .medium = span_.medium + at_,
					    .target = span_.target,
					    .offset = span_.offset + at_,
					    .length = size_,
					    .tag = slot}))
				return;
			started_[slot] = sys::now();
			free_.pop_back();
			at_ = at_ + 2 * size_ <= span_.length ? at_ + size_ : 0;
		}
	}

	size_t collect()
	{
		const size_t count = client_.poll(tags_);
		const uint64_t time = count > 0 ? sys::now() : 0;
		for (size_t i = 0; i < count; i++) {
			free_.push_back(tags_[i]);
			if (latencies_.size() < mostLatencies)
				latencies_.push_back(time - started_[tags_[i]]);
		}
		finished_ += count;
		return count;
	}

	Client &client_;
	const Span &span_;
	size_t size_;
	std::vector<uint64_t> started_; // by slot
	std::vector<uint32_t> free_;
	std::array<uint32_t, 256> tags_{};
	std::vector<uint64_t> latencies_;
	uint64_t at_ = 0;
	uint64_t finished_ = 0;
};

class Bench
{
public:
	Bench(const Plan &plan, const BenchOrder &order, Hold &hold, std::stop_token stop)
	    : plan_(plan), order_(order), hold_(hold), stop_(std::move(stop)),
	      cpu_(hold.to()->part()),
	      ringMemory_(hold.hostMemory(2 * largest(order.sizes) * largest(order.depths))),
	      span_{Direction::fromMedium, plan.from.place.offset,
		    hold.source()->prepare(hold.to()->memory(order.length)), 0, order.length},
	      ofSource_(hold.source()->prepare(ringMemory_.memory())),
	      ofSink_(cpu_.prepare(ringMemory_.memory())), clearances_(plan.clearances())
	{
	}

	Sample peer(size_t size, size_t depth)
	{
		Sample sample{.way = Way::peer, .size = size, .depth = depth};
		const Leave leave(clearances_);
		Meter meter(*hold_.source(), span_, size, depth);
		meter.run(order_.durationNs / 10, stop_);
		measure(sample, [&] { meter.run(order_.durationNs, stop_); });
		meter.report(sample);
		return sample;
	}

	// Read into host memory by the disk, copied from there by the CPU, both at once.
	Sample staged(size_t size, size_t depth)
	{
		Sample sample{.way = Way::staged, .size = size, .depth = depth};
		const Ring ring{ofSource_, ofSink_, 2 * size * depth};
		const Stretch stretch{plan_.from.place.offset, hold_.to()->startInPart(),
				      order_.length / size * size};
		const Pace pace{.requestSize = size,
				.timeoutNs = timeout,
				.underWay = depth,
				.stop = stop_};
		measure(sample, [&] {
			const uint64_t end = sys::now() + order_.durationNs;
			while (sys::now() < end) {
				const auto moved = relay(Leave(OwnMemory{}), *hold_.source(), cpu_,
							 ring, stretch, pace);
				sample.bytes += moved.bytes;
				sample.requests += moved.bytes / size;
			}
		});
		return sample;
	}

private:
	template <class Work> static void measure(Sample &sample, const Work &work)
	{
		const uint64_t start = sys::now(), cpu = sys::threadTime();
		work();
		sample.duration = sys::now() - start;
		sample.cpu = sys::threadTime() - cpu;
	}

	const Plan &plan_;
	const BenchOrder &order_;
	Hold &hold_;
	std::stop_token stop_;
	device::Cpu cpu_;
	HostMemory ringMemory_;
	Span span_;
	device::Target ofSource_, ofSink_;
	std::vector<route::Clearance> clearances_;
};

}

static void requireSizes(const BenchOrder &order, const Client &client)
{
	const size_t most = std::min<size_t>(client.maxTransfer(), size_t{1} << 20);
	for (const size_t size : order.sizes)
		if (size == 0 || size % client.blockSize() != 0 || size > most ||
		    size > order.length)
			throw Error("P2P_BENCH_SIZE", "not a size of requests",
				    {{"size", std::to_string(size)},
				     {"unit", std::to_string(client.blockSize())},
				     {"largest",
				      std::to_string(std::min<uint64_t>(most, order.length))}});
}

void bench(const pci::Machine &machine, const Plan &plan, const BenchOrder &order,
	   const sys::Stop &stop, const std::function<void(Sample)> &tell)
{
	const auto proof = copy(machine, plan, stop, [](const Progress &) {});
	if (proof.mismatch)
		throw Error("P2P_BENCH_WRONG", "the bytes do not arrive",
			    {{"kind", proof.mismatch->kind}});

	Hold hold(machine, plan, stop);
	requireSizes(order, *hold.source());
	Bench bench(plan, order, hold, stop);
	for (const size_t size : order.sizes)
		for (const size_t depth : order.depths)
			for (unsigned run = 0; run < order.runs; run++)
				for (auto sample :
				     {bench.peer(size, depth), bench.staged(size, depth)}) {
					sample.run = run;
					tell(sample);
				}
	hold.source()->shutDown();
}

}
