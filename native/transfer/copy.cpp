// SPDX-License-Identifier: MIT
#include "transfer/copy.h"

#include "sys/clock.h"
#include "sys/error.h"
#include "transfer/carrier.h"
#include "transfer/fence.h"
#include "transfer/hold.h"
#include "transfer/own_data.h"
#include "transfer/ready.h"

#include <algorithm>

namespace transfer
{

using sys::Error;

static bool isAlive(const HeldMemory *memory)
{
	return !memory || memory->isAlive();
}

static void requireMemory(const Hold &hold)
{
	for (const auto *memory : {hold.from(), hold.to(), hold.via()})
		if (memory)
			memory->requireThere();
}

namespace
{

// What the proof reads and poisons.
class Sides
{
public:
	Sides(const Plan &plan, Hold &hold, uint64_t length, const std::stop_token &stop)
	    : fromStaging_(hold.hostMemory(Side::largestBlock)),
	      toStaging_(hold.hostMemory(Side::largestBlock)),
	      from_(make(plan.from, hold.from(), hold.source(), fromStaging_, length, stop)),
	      to_(make(plan.to, hold.to(), hold.sink(), toStaging_, length, stop))
	{
		if (hold.stream()) {
			hold.stream()->keepPast(Proof::largestWindow);
			from_ = std::make_unique<PastSide>(*hold.stream());
		}
	}

	Side &from() { return *from_; }
	Side &to() { return *to_; }

private:
	static std::unique_ptr<Side> make(const End &end, const HeldMemory *memory,
					  device::Client *client, const HostMemory &staging,
					  uint64_t length, const std::stop_token &stop)
	{
		if (memory)
			return std::make_unique<MemorySide>(memory->bytes(length), stop);
		return std::make_unique<MediumSide>(*client, end.place.offset, staging.memory());
	}

	HostMemory fromStaging_, toStaging_;
	std::unique_ptr<Side> from_, to_;
};

}

static Report begin(const Carrier &carrier, uint64_t length)
{
	const auto &client = carrier.client();
	Report report{.blockSize = carrier.blockSize(),
		      .requestSize = carrier.requestSize(),
		      .queues = client.queues(),
		      .depth = client.depth(),
		      .length = length};
	if (const auto *peer = carrier.peer()) {
		report.iova = peer->memory(0).iova;
		report.isIdentity = peer->isIdentity();
	}
	return report;
}

// One window: poison, move, look. False where nothing comes after it.
static bool copyWindow(Hold &hold, Carrier &carrier, uint64_t offset, uint64_t length,
		       const Pace &pace, Proof *proof, Report &report)
{
	const uint64_t begun = sys::now();
	if (proof && (report.mismatch = proof->poison(offset, length)))
		return false;

	const uint64_t start = sys::now();
	report.verifyNs += start - begun;
	const auto moved = carrier.move(offset, length, pace);
	requireMemory(hold);
	if (hold.sink())
		hold.sink()->flush();
	const uint64_t done = sys::now();
	report.requests += moved.requests;
	report.copyNs += done - start;
	report.bytes += moved.bytes;

	const bool areAlive = isAlive(hold.from()) && isAlive(hold.to()) && isAlive(hold.via());
	if (!areAlive)
		report.mismatch = {.offset = offset, .length = moved.bytes, .kind = "memory-off"};
	else if (proof && moved.bytes > 0)
		report.mismatch = proof->check(offset, moved.bytes);
	report.verifyNs += sys::now() - done;
	return !report.mismatch && moved.bytes == length && report.bytes < report.length;
}

static bool isEqual(Proof &proof, uint64_t offset, uint64_t length)
{
	try {
		return !proof.check(offset, length);
	} catch (const Error &) {
		return false;
	}
}

// A load or store that met nobody does not know whose memory it was.
static void nameGone(Error &error, const Hold &hold)
{
	try {
		requireMemory(hold);
	} catch (const Error &known) {
		error.facts.insert(known.facts.begin(), known.facts.end());
	}
}

// Up to where the bytes are at their destination, and where in the copy it went wrong: of a window
// that starts at offset. What was to be proved counts only when it was.
static void tellCertain(Error &error, const Plan &plan, const Hold &hold, Proof *proof,
			uint64_t offset, const Report &report)
{
	auto &facts = error.facts;
	const bool isProved = plan.order.verify == Verify::full;
	uint64_t certain = isProved ? offset : report.bytes;

	if (const auto moved = facts.find("certain"); moved != facts.end()) {
		const uint64_t length = std::stoull(moved->second);
		// A disk or a file that failed at one place can be read at others.
		const bool isReadable = error.code == "NVME_STATUS" || facts.count("syscall") > 0;
		const bool isRight = !isProved || (isReadable && isEqual(*proof, offset, length));
		certain = isRight ? offset + length : offset;
	}
	if (error.code == "P2P_GONE") {
		nameGone(error, hold);
		// What the last requests said counts for nothing, and nothing is left of what went
		// to whoever is gone.
		const bool isLeft =
			!plan.to.function || facts["bdf"] != plan.to.function->bdf.name();
		certain = isProved && isLeft ? offset : 0;
	}
	facts["certain"] = std::to_string(certain);
	facts["proved"] = isProved ? "yes" : "";
	if (const auto place = facts.find("offset"); place != facts.end())
		place->second = std::to_string(offset + std::stoull(place->second));
	// An engine has two legs.
	const auto isOne = [&](const Leg &leg) {
		return leg.client.bdf == plan.legs.front().client.bdf;
	};
	if (error.code == "P2P_TIMEOUT" && !plan.legs.empty() &&
	    std::ranges::all_of(plan.legs, isOne))
		facts.insert({"bdf", plan.legs.front().client.bdf.name()});
}

// A stream must be as long as was said, or fit as a whole: never cut short in silence.
static void requireWholeStream(const Plan &plan, Hold &hold, const Report &report,
			       const std::stop_token &stop)
{
	if (!hold.stream() || report.mismatch)
		return;
	const Error::Facts facts{{"moved", std::to_string(report.bytes)},
				 {"length", std::to_string(report.length)}};
	if (plan.order.length && report.bytes < report.length)
		throw Error("P2P_STREAM_SHORT", "the stream ended early", facts);
	std::optional<bool> isMore;
	while (!plan.order.length && !isMore && !stop.stop_requested()) {
		isMore = hold.stream()->isMore();
		if (!isMore)
			sys::pause(1'000'000);
	}
	if (isMore.value_or(false))
		throw Error("P2P_STREAM_LONG", "the stream goes on", facts);
}

void conclude(Report &report, const Fence &fence, const Witness &witness, Verify mode)
{
	if (!report.mismatch)
		report.mismatch = fence.check();
	report.witnesses = witness.testify();
	report.isDeaf = witness.isDeaf();
	if (!report.mismatch && mode != Verify::full && isFaulted(report.witnesses))
		report.mismatch = {.length = report.bytes, .kind = "faulted"};
}

Report copy(const pci::Machine &machine, const Plan &plan, const sys::Stop &stop,
	    const std::function<void(Progress)> &tell)
{
	Hold hold(machine, plan, stop);
	const uint64_t length = lengthToMove(plan, hold);

	Carrier carrier(plan, hold, length);
	auto report = begin(carrier, length);
	const bool isProved = plan.order.verify != Verify::none;
	const Witness witness(machine, plan, hold.source(), hold.sink());
	std::optional<Sides> sides;
	std::optional<OwnData> own;
	std::optional<Proof> proof;
	if (isProved) {
		sides.emplace(plan, hold, length, stop);
		if (plan.order.pattern)
			own.emplace(sides->from(), *plan.order.pattern, length);
		proof.emplace(own ? own->computed() : sides->from(), sides->to(),
			      Shape{.length = length,
				    .blockSize = report.blockSize,
				    .requestSize = report.requestSize,
				    .queues = report.queues,
				    .isStream = hold.stream() != nullptr},
			      plan.order.verify);
	}
	const Fence fence(isProved ? hold.to() : nullptr, length);

	// What is there is lost from here on: nothing may be left to be refused.
	hold.openTarget(plan);
	if (own)
		own->fill(stop, [&](uint64_t done) { tell({"fill", done, length}); });
	const uint64_t step = proof ? proof->windowSize() : length;
	const uint64_t total = hold.stream() && !plan.order.length ? 0 : length;
	bool isMore = length > 0;
	for (uint64_t at = 0; isMore; at += step) {
		const uint64_t size = std::min(step, length - at);
		const Pace pace{.requestSize = 0,
				.timeoutNs = plan.order.timeoutNs,
				.stop = stop,
				.tell = [&](uint64_t done) {
					requireMemory(hold);
					tell({"copy", at + done, total});
				}};
		try {
			isMore = copyWindow(hold, carrier, at, size, pace,
					    proof ? &*proof : nullptr, report);
		} catch (Error &error) {
			witness.testify(error);
			tellCertain(error, plan, hold, proof ? &*proof : nullptr, at, report);
			throw;
		}
		tell({"verify", report.bytes, total});
	}
	conclude(report, fence, witness, plan.order.verify);
	if (report.mismatch && own)
		report.mismatch->isAtSource = own->isSpoiled(*report.mismatch);
	if (proof) {
		report.verifiedBytes = proof->checkedBytes();
		if (plan.order.verify == Verify::full && !report.mismatch)
			report.checksum = proof->checksum();
	}
	requireWholeStream(plan, hold, report, stop);
	for (auto *client : {hold.source(), hold.sink()})
		if (client)
			client->shutDown();
	return report;
}

}
