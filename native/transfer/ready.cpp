// SPDX-License-Identifier: MIT
#include "transfer/ready.h"

#include "sys/error.h"
#include "transfer/carrier.h"
#include "transfer/guard.h"
#include "transfer/side.h"

#include <algorithm>

namespace transfer
{

// How much there is at an end, from its offset on.
static uint64_t sizeOf(const End &end, const HeldMemory *memory, const device::Client *client)
{
	if (memory)
		return memory->size();
	const uint64_t size = client->mediumSize();
	if (size == device::streamSize)
		return size;
	requireRange(end.isFile() ? "the file" : "the namespace", size, end.place.offset, 1);
	return size - end.place.offset;
}

static const char *nameOf(const End &end)
{
	if (end.isMemory())
		return end.place.kind == PlaceKind::bar ? "the BAR" : "the memory";
	return end.isFile() ? "the file" : "the namespace";
}

static void requireFit(const End &end, uint64_t size, uint64_t length, const device::Client *client)
{
	if (length > size)
		requireRange(nameOf(end), end.place.offset + size, end.place.offset, length);
	const size_t unit = client ? client->blockSize() : 1;
	requireMultiple(std::string("the offset in ") + nameOf(end), end.place.offset, unit);
	requireMultiple("the length", length, unit);
}

static uint64_t decideLength(const Plan &plan, Hold &hold)
{
	const uint64_t ofSource = sizeOf(plan.from, hold.from(), hold.source());
	const uint64_t ofSink = sizeOf(plan.to, hold.to(), hold.sink());
	// A stream goes on until it ends, or the other end does.
	const bool isOpen = !plan.order.length && ofSource == device::streamSize;
	const uint64_t length = isOpen ? ofSink : plan.order.length.value_or(ofSource);

	requireFit(plan.from, ofSource, length, isOpen ? nullptr : hold.source());
	requireFit(plan.to, ofSink, length, isOpen ? nullptr : hold.sink());
	if (isSamePlace(plan.from, plan.to))
		requireNoOverlap(plan.from.place.offset, plan.to.place.offset, length);
	// A CMB and the BAR that it is in are the same memory.
	const auto *from = hold.from(), *to = hold.to();
	if (from && to && from->function().bdf == to->function().bdf &&
	    from->barIndex() == to->barIndex())
		requireNoOverlap(from->start(), to->start(), length);
	return length;
}

static void guardMemory(const Plan &plan, const HeldMemory *memory, uint64_t length)
{
	if (memory)
		memory->requireUsable(length,
				      plan.order.permission.registerBar || plan.order.width > 0);
}

// What somebody's data lies on is not written, unless at the user's word.
static void guardMedium(const Plan &plan, const End &end, Hold &hold, device::Client *client)
{
	if (!end.isMemory() && !end.isFile() && !plan.order.overwriteSignature)
		requireNoSignature(*client, hold.hostMemory(Side::largestBlock).memory());
}

// Whole frames: as many as were asked for, or as there is room for.
static uint64_t lengthOfFrames(const Plan &plan, Hold &hold)
{
	const uint64_t stride = hold.video()->maxTransfer();
	const uint64_t ofSink = sizeOf(plan.to, hold.to(), hold.sink());
	const uint64_t count = hold.video()->count();
	// A file takes more than anybody can count.
	constexpr uint64_t plenty = uint64_t{1} << 62;
	const uint64_t length = count ? count * stride : std::min(ofSink, plenty) / stride * stride;

	requireFit(plan.to, ofSink, std::max(length, stride), hold.sink());
	return length;
}

uint64_t lengthToMove(const Plan &plan, Hold &hold)
{
	const uint64_t length =
		hold.video() ? lengthOfFrames(plan, hold) : decideLength(plan, hold);
	guardMemory(plan, hold.from(), length);
	guardMemory(plan, hold.to(), length);
	if (hold.via())
		guardMemory(plan, hold.via(), ringSize(*hold.via()));
	guardMedium(plan, plan.to, hold, hold.sink());
	if (plan.order.pattern)
		guardMedium(plan, plan.from, hold, hold.source());
	return length;
}

}
