// SPDX-License-Identifier: MIT
#include "transfer/capture.h"

#include "sys/clock.h"
#include "sys/error.h"
#include "transfer/carrier.h"
#include "transfer/fence.h"
#include "transfer/frames.h"
#include "transfer/hold.h"
#include "transfer/ready.h"

namespace transfer
{

using sys::Error;

static Report begin(const Carrier &carrier, Hold &hold, uint64_t length)
{
	const auto &client = hold.sink() ? *hold.sink() : *hold.source();
	return {.blockSize = carrier.blockSize(),
		.requestSize = carrier.requestSize(),
		.queues = client.queues(),
		.depth = client.depth(),
		.length = length};
}

namespace
{

// Where the frames went, as the proof reads it.
class Destination
{
public:
	Destination(const Plan &plan, Hold &hold, uint64_t length, const std::stop_token &stop)
	    : staging_(hold.hostMemory(Side::largestBlock))
	{
		if (hold.to())
			side_ = std::make_unique<MemorySide>(hold.to()->bytes(length), stop);
		else
			side_ = std::make_unique<MediumSide>(*hold.sink(), plan.to.place.offset,
							     staging_.memory());
	}

	Side &side() { return *side_; }

private:
	HostMemory staging_;
	std::unique_ptr<Side> side_;
};

}

static void move(Hold &hold, Carrier &carrier, const Pace &pace, Report &report)
{
	const uint64_t start = sys::now();
	const auto moved = carrier.move(0, report.length, pace);
	hold.video()->shutDown();
	if (hold.to())
		hold.to()->requireThere();
	if (hold.sink())
		hold.sink()->flush();
	report.copyNs = sys::now() - start;
	report.bytes = moved.bytes;
	report.requests = moved.requests;
	report.frames = hold.video()->frames();
	if (hold.to() && !hold.to()->isAlive())
		report.mismatch = {.length = moved.bytes, .kind = "memory-off"};
}

// Of what went to whoever is gone nothing is left.
static void tellCertain(Error &error, const Plan &plan, const Hold &hold)
{
	auto &facts = error.facts;
	if (error.code == "P2P_GONE") {
		facts.erase("certain");
		if (hold.to())
			facts.insert({"bdf", hold.to()->function().bdf.name()});
	}
	if (error.code == "P2P_TIMEOUT" && !plan.legs.empty() && facts["what"] != "a frame")
		facts.insert({"bdf", plan.legs.front().client.bdf.name()});
	facts.insert({{"certain", "0"}, {"proved", ""}});
}

static void prove(const device::Video &video, Side &side, Verify mode, Report &report)
{
	const uint64_t start = sys::now();
	auto proof = proveFrames(video, side, mode);
	report.mismatch = std::move(proof.mismatch);
	report.verifiedBytes = proof.bytes;
	report.checksum = proof.checksum;
	report.verifyNs = sys::now() - start;
}

Report capture(const pci::Machine &machine, const Plan &plan, const sys::Stop &stop,
	       const std::function<void(Progress)> &tell)
{
	// Where frames come until a stop is asked for, it ends them and nothing else.
	const bool isEndless = plan.order.pictures.count == 0;
	const sys::Stop end = isEndless ? sys::Stop(stop.hurried, stop.hurried) : stop;
	Hold hold(machine, plan, end);
	auto &video = *hold.video();
	const uint64_t length = lengthToMove(plan, hold);
	video.expect(length / video.maxTransfer());
	const bool isProved = plan.order.verify != Verify::none;
	Carrier carrier(plan, hold, length);
	auto report = begin(carrier, hold, length);
	const Witness witness(machine, plan, nullptr, hold.sink());
	std::optional<Destination> destination;
	if (isProved) {
		destination.emplace(plan, hold, length, end);
		video.keepSums(sumEach(video, plan.order.verify));
	}
	const Fence fence(isProved ? hold.to() : nullptr, length);
	const bool isBounded = !isEndless || !plan.to.isFile();
	const uint64_t total = isBounded ? length : 0;

	// What is there is lost from here on: nothing may be left to be refused.
	hold.openTarget(plan);
	video.endWhen(stop.asked);
	const Pace pace{.timeoutNs = plan.order.timeoutNs, .stop = end, .tell = [&](uint64_t done) {
				if (hold.to())
					hold.to()->requireThere();
				tell({"copy", done, total});
			}};
	try {
		move(hold, carrier, pace, report);
	} catch (Error &error) {
		witness.testify(error);
		tellCertain(error, plan, hold);
		throw;
	}
	if (report.frames->count == 0)
		sys::checkStop(stop.asked);
	tell({"verify", report.bytes, total});
	if (isProved && !report.mismatch)
		prove(video, destination->side(), plan.order.verify, report);
	conclude(report, fence, witness, plan.order.verify);
	if (hold.sink())
		hold.sink()->shutDown();
	return report;
}

}
