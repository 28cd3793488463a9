// SPDX-License-Identifier: MIT
#include "transfer/carrier.h"

#include "sys/error.h"
#include "sys/process.h"
#include "transfer/frames.h"

#include <algorithm>

namespace transfer
{

using device::Direction;
using sys::Error;

uint64_t ringSize(const HeldMemory &memory)
{
	return std::min<uint64_t>(largestRing, memory.size());
}

// It is locked: a machine with little memory keeps most of that.
static size_t hostRing()
{
	constexpr size_t least = 2 << 20;
	const uint64_t available = sys::availableBytes().value_or(UINT64_MAX);
	return std::clamp<uint64_t>(available / 8, least, largestRing);
}

Carrier::Carrier(const Plan &plan, Hold &hold, uint64_t length)
    : plan_(plan), hold_(hold), clearances_(plan.clearances())
{
	if (hold.source() && hold.sink())
		makeRing();
	else
		aim(length);
}

size_t Carrier::blockSize() const
{
	size_t size = 1;
	for (const auto *client : {hold_.source(), hold_.sink()})
		size = std::max(size, client ? client->blockSize() : 1);
	return size;
}

const HeldMemory *Carrier::peer() const
{
	if (!plan_.isMapped())
		return nullptr;
	if (hold_.via())
		return hold_.via();
	return hold_.to() ? hold_.to() : hold_.from();
}

Moved Carrier::move(uint64_t offset, uint64_t length, Pace pace)
{
	pace.requestSize = requestSize_;
	const Leave leave = clearances_.empty() ? Leave(OwnMemory{}) : Leave(clearances_);
	const uint64_t from = plan_.from.place.offset + offset;
	const uint64_t to = plan_.to.place.offset + offset;
	if (hold_.source() && hold_.sink())
		return relay(leave, *hold_.source(), *hold_.sink(), ring_, {from, to, length},
			     pace);
	if (hold_.source())
		return transfer::move(leave, *hold_.source(),
				      {Direction::fromMedium, from, target_, offset, length}, pace);
	return transfer::move(leave, *hold_.sink(),
			      {Direction::toMedium, to, target_, offset, length}, pace);
}

void Carrier::aim(uint64_t length)
{
	auto &client = hold_.source() ? *hold_.source() : *hold_.sink();
	const auto &memory = hold_.source() ? *hold_.to() : *hold_.from();
	auto whole = memory.memory(length);
	if (plan_.order.width > 0)
		whole.width = plan_.order.width;
	target_ = client.prepare(whole);
	requestSize_ = client.maxTransfer();
}

void Carrier::makeRing()
{
	auto &source = *hold_.source();
	auto &sink = *hold_.sink();
	requestSize_ = std::min(source.maxTransfer(), sink.maxTransfer());
	if (const auto *video = hold_.video())
		return makeRingOf(*video);
	if (!plan_.via)
		host_.emplace(
			hold_.hostMemory(std::min(hostRing(), requestSize_ * mostUnderWay())));
	const auto memory = ringMemory();
	ring_ = {source.prepare(memory), sink.prepare(memory), memory.bytes.size()};
	// At least two slots, so that one is filled while the other is emptied.
	const size_t unit = std::max<size_t>(blockSize(), 4096);
	const uint64_t half = ring_.size / 2 / unit * unit;
	if (half == 0)
		throw Error("P2P_RANGE", "the memory is too small for a ring",
			    {{"where", "the memory"},
			     {"size", std::to_string(ring_.size)},
			     {"offset", "0"},
			     {"length", std::to_string(2 * unit)},
			     {"largest", std::to_string(ring_.size)}});
	requestSize_ = std::min<uint64_t>(requestSize_, half);
}

// Frames, each in a slot of its own that several requests make up.
void Carrier::makeRingOf(const device::Video &video)
{
	const uint64_t stride = video.maxTransfer();
	requestSize_ = partOf(stride, requestSize_, hold_.sink()->blockSize());
	const uint64_t most = mostSlots / (stride / requestSize_) * stride;
	const uint64_t size = std::min(ringSize(video), std::max(most, stride));
	host_.emplace(hold_.hostMemory(size));
	auto memory = host_->memory();
	memory.bytes = memory.bytes.first(size);
	ring_ = {hold_.source()->prepare(memory), hold_.sink()->prepare(memory), size};
}

device::Memory Carrier::ringMemory() const
{
	if (host_)
		return host_->memory();
	if (!hold_.pool().empty())
		return {.bytes = hold_.pool()};
	return hold_.via()->memory(ringSize(*hold_.via()));
}

size_t Carrier::mostUnderWay() const
{
	const auto underWay = [](const device::Client &client) {
		return size_t{client.queues()} * client.depth();
	};
	return 2 * std::max(underWay(*hold_.source()), underWay(*hold_.sink()));
}

}
