// SPDX-License-Identifier: MIT
#include "transfer/bench.h"

#include "device/cpu.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "transfer/copy.h"
#include "transfer/hold.h"
#include "transfer/move.h"

#include <algorithm>

namespace transfer
{

using device::Client;
using device::Direction;
using sys::Error;

static constexpr uint64_t timeout = 30'000'000'000;

static size_t largest(const std::vector<size_t> &numbers)
{
	return *std::max_element(numbers.begin(), numbers.end());
}

Plan planBench(const pci::Machine &machine, const BenchOrder &order)
{
	return transfer::plan(machine, {.from = order.from,
					.to = order.to,
					.via = std::nullopt,
					.engine = order.engine,
					.length = order.length,
					.verify = Verify::sample,
					.permission = order.permission,
					.overwriteSignature = order.overwriteSignature,
					.queues = 1,
					.depth = static_cast<unsigned>(largest(order.depths))});
}

namespace
{

// The one function that issues requests, and the peer's memory that it reaches.
struct Ends {
	explicit Ends(Hold &hold)
	    : direction(hold.source() ? Direction::fromMedium : Direction::toMedium),
	      client(hold.source() ? *hold.source() : *hold.sink()),
	      memory(hold.source() ? *hold.to() : *hold.from())
	{
	}

	Direction direction;
	Client &client;
	HeldMemory &memory;
};

// Host memory for the staged arm, an odd number of pages apart from the peer's: an emulated CPU
// looks pages up in a direct-mapped table, where two that are a multiple of 64 apart displace each
// other at every word, and copying takes ten times as long.
class Staging
{
public:
	Staging(Hold &hold, size_t size, const std::byte *peer)
	    : whole_(hold.hostMemory(size + page))
	{
		const auto apart = reinterpret_cast<uintptr_t>(whole_.memory().bytes.data()) ^
				   reinterpret_cast<uintptr_t>(peer);
		if (apart / page % 2 == 0)
			skip_ = page;
	}

	device::Memory memory() const
	{
		const auto whole = whole_.memory();
		return {whole.iova + skip_, whole.bytes.subspan(skip_)};
	}

private:
	static constexpr size_t page = 4096;

	HostMemory whole_;
	size_t skip_ = 0;
};

class Bench
{
public:
	Bench(const Plan &plan, const BenchOrder &order, Hold &hold, std::stop_token stop)
	    : order_(order), stop_(std::move(stop)), ends_(hold),
	      medium_(ends_.direction == Direction::fromMedium ? plan.from.place.offset
							       : plan.to.place.offset),
	      cpu_(ends_.memory.part()),
	      staging_(hold, 2 * largest(order.sizes) * largest(order.depths),
		       ends_.memory.bytes(order.length).data()),
	      peerTarget_(ends_.client.prepare(ends_.memory.memory(order.length))),
	      hostTarget_(ends_.client.prepare(staging_.memory())),
	      cpuTarget_(cpu_.prepare(staging_.memory())), clearances_(plan.clearances())
	{
	}

	Sample run(Arm arm, size_t size, size_t depth)
	{
		Sample sample{.arm = arm, .size = size, .depth = depth};
		if (arm == Arm::staged)
			staged(sample);
		else
			alone(sample, arm == Arm::peer);
		sample.bytes = sample.requests * size;
		sample.latencies = watch_.latencies();
		return sample;
	}

private:
	// The client by itself, with the peer's memory or with the host's.
	void alone(Sample &sample, bool isPeer)
	{
		const Span span{
			ends_.direction, medium_, isPeer ? peerTarget_ : hostTarget_, 0,
			isPeer ? order_.length
			       : std::min<uint64_t>(order_.length, staging_.memory().bytes.size())};
		const Leave leave = isPeer ? Leave(clearances_) : Leave(OwnMemory{});
		Meter meter(leave, ends_.client, span, sample.size, sample.depth, watch_);
		meter.run(order_.durationNs / 10, stop_);
		measure(sample, [&] {
			const auto run = meter.run(order_.durationNs, stop_);
			sample.requests = run.requests;
			sample.busy = run.busy;
		});
	}

	// The client and the CPU, and host memory between them that one fills while the other
	// empties it.
	void staged(Sample &sample)
	{
		watch_.clear();
		measure(sample, [&] {
			const uint64_t end = sys::now() + order_.durationNs;
			while (sys::now() < end)
				sample.requests += oneRelay(sample.size, sample.depth);
		});
	}

	uint64_t oneRelay(size_t size, size_t depth)
	{
		const bool isRead = ends_.direction == Direction::fromMedium;
		Client &reader = isRead ? ends_.client : cpu_;
		Client &writer = isRead ? cpu_ : ends_.client;
		Timed first(reader, watch_, Timed::End::first, depth);
		Timed last(writer, watch_, Timed::End::last, depth);
		// As many slots again as the client has requests under way, for the CPU.
		const Ring ring{isRead ? hostTarget_ : cpuTarget_,
				isRead ? cpuTarget_ : hostTarget_, 2 * size * depth};
		const uint64_t inPart = ends_.memory.startInPart();
		const Stretch stretch{isRead ? medium_ : inPart, isRead ? inPart : medium_,
				      order_.length / size * size};
		const auto moved =
			relay(Leave(OwnMemory{}), first, last, ring, stretch,
			      {.requestSize = size, .timeoutNs = timeout, .stop = stop_});
		return moved.bytes / size;
	}

	template <class Work> static void measure(Sample &sample, const Work &work)
	{
		const uint64_t start = sys::now(), cpu = sys::threadTime();
		work();
		sample.duration = sys::now() - start;
		sample.cpu = sys::threadTime() - cpu;
	}

	const BenchOrder &order_;
	std::stop_token stop_;
	Ends ends_;
	uint64_t medium_;
	device::Cpu cpu_;
	Staging staging_;
	device::Target peerTarget_, hostTarget_, cpuTarget_;
	std::vector<route::Clearance> clearances_;
	Stopwatch watch_;
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
	auto &client = Ends(hold).client;
	requireSizes(order, client);
	Bench bench(plan, order, hold, stop);
	for (const size_t size : order.sizes)
		for (const size_t depth : order.depths)
			for (unsigned run = 0; run < order.runs; run++)
				for (const auto arm : {Arm::peer, Arm::staged, Arm::host}) {
					auto sample = bench.run(arm, size, depth);
					sample.run = run;
					tell(sample);
				}
	client.shutDown();
}

}
