// SPDX-License-Identifier: MIT
#include "transfer/plan.h"

#include "device/engines.h"
#include "sys/error.h"
#include "sys/file.h"
#include "transfer/access.h"
#include "transfer/ends.h"
#include "transfer/guard.h"

#include <algorithm>
#include <tuple>

namespace transfer
{

using sys::Error;

const End *Plan::memory() const
{
	if (via)
		return &*via;
	if (way != Way::peer)
		return nullptr;
	return to.isMemory() ? &to : &from;
}

std::string Plan::mechanism() const
{
	const auto *end = memory();
	if (!end)
		return "";
	return end->place.kind == PlaceKind::p2pmem ? "p2pmem" : space;
}

bool Plan::isMapped() const
{
	const auto *end = memory();
	return end && end->place.kind != PlaceKind::p2pmem;
}

std::vector<const pci::Function *> Plan::opened() const
{
	std::vector<const pci::Function *> functions;
	for (const auto &leg : legs)
		if (leg.engine != "kernel")
			functions.push_back(&leg.client);
	for (const auto *end : {&from, &to, via ? &*via : nullptr})
		if (end && end->access == "vfio")
			functions.push_back(&*end->function);
	return functions;
}

static std::string spaceOf(const pci::Machine &machine, const Plan &plan)
{
	const auto functions = plan.opened();
	if (functions.empty())
		return "";
	const auto *provider = plan.isMapped() ? &*plan.memory()->function : nullptr;
	return chooseSpace(machine, functions, provider, plan.order.mechanism);
}

std::vector<route::Clearance> Plan::clearances() const
{
	std::vector<route::Clearance> all;
	for (const auto &leg : legs)
		if (leg.clearance)
			all.push_back(*leg.clearance);
	return all;
}

static void planBlocks(const pci::Machine &machine, Plan &plan)
{
	const bool isStaged = plan.order.isStaged || plan.from.isVideo();
	plan.way = isStaged ? Way::staged : Way::peer;
	if (!isStaged)
		plan.via = findPool(machine, plan);
	const auto *pool = plan.via ? &*plan.via : nullptr;
	for (const auto *end : {&plan.from, &plan.to}) {
		const bool isSource = end == &plan.from;
		if (end->isBlock())
			plan.legs.push_back(legOfBlock(machine, *end, pool, isSource, plan.order));
		else if (end->place.kind == PlaceKind::nameSpace)
			plan.legs.push_back(
				legOf(machine, *end->function, nullptr, isSource, plan.order));
	}
}

static bool isIdentical(const Leg &leg, const End &memory)
{
	if (!memory.bar)
		return true; // which BAR it is, its registers will tell
	const uint64_t start = number(memory.bar->busAddress.value_or(pci::BusAddress{}));
	const uint64_t end = start + memory.bar->size - 1;
	const unsigned bits = device::addressBits(leg.client);
	if (bits < 64 && end >> bits)
		return false;
	const auto &reserved = leg.client.reservedIovas;
	return std::none_of(reserved.begin(), reserved.end(), [&](const pci::IovaRange &range) {
		return range.start <= end && start <= range.end;
	});
}

bool isSamePlace(const End &from, const End &to)
{
	return from.function && to.function && from.function->bdf == to.function->bdf &&
	       from.place.kind == to.place.kind && from.place.index == to.place.index &&
	       (!from.isBlock() || sys::baseName(from.place.name) == sys::baseName(to.place.name));
}

// Pictures come from a card, and a display shows nothing else.
static void requirePictures(const Plan &plan)
{
	const auto &[from, to] = std::tie(plan.from, plan.to);
	if (to.isVideo() || from.isScreen() || (to.isScreen() && !from.isVideo()))
		throw Error("P2P_KINDS", "no way between these two",
			    {{"kind", to.isVideo() ? "video" : "screen"}});
}

static void requireWay(const Plan &plan)
{
	const auto &[from, to] = std::tie(plan.from, plan.to);
	requirePictures(plan);
	// The kernel's driver takes no memory of a BAR: only of the pool.
	const auto isForeign = [](const End &end) { return !end.isBlock() && !end.isOutside(); };
	const bool hasBlock = from.isBlock() || to.isBlock();
	if (hasBlock && !plan.order.isStaged && (isForeign(from) || isForeign(to)))
		throw Error("P2P_KINDS", "no way between these two", {{"kind", "block"}});
	const bool hasWay = !(from.isFile() && to.isFile()) &&
			    (!(from.isMemory() && to.isMemory()) || plan.order.isStaged ||
			     !plan.order.engine.empty());
	if (!hasWay)
		throw Error("P2P_KINDS", "no way between these two",
			    {{"kind", from.isFile() ? "file" : "memory"}});
	if (plan.order.length && isSamePlace(from, to))
		requireNoOverlap(from.place.offset, to.place.offset, *plan.order.length);
}

static void planMediumAndMemory(const pci::Machine &machine, Plan &plan)
{
	const bool isFromMedium = plan.to.isMemory();
	const auto &medium = isFromMedium ? plan.from : plan.to;
	const auto &memory = isFromMedium ? plan.to : plan.from;

	if (medium.isOutside()) {
		plan.way = Way::cpu;
		return;
	}
	plan.way = plan.order.isStaged ? Way::staged : Way::peer;
	plan.legs.push_back(legOf(machine, *medium.function,
				  plan.order.isStaged ? nullptr : &memory, isFromMedium,
				  plan.order));
}

static void planMemories(const pci::Machine &machine, Plan &plan)
{
	if (plan.order.engine.empty() || plan.order.isStaged) {
		plan.way = Way::cpu;
		return;
	}
	const auto &client = machine.find(plan.order.engine);
	if (!device::carriesMemory(client))
		throw Error("P2P_NO_ENGINE", "no engine for " + client.bdf.name(),
			    {{"bdf", client.bdf.name()}});
	plan.legs.push_back(legOf(machine, client, &plan.from, true, plan.order));
	plan.legs.push_back(legOf(machine, client, &plan.to, false, plan.order));
}

static void planMedia(const pci::Machine &machine, Plan &plan)
{
	const auto &[from, to] = std::tie(plan.from, plan.to);
	const bool isPeer = !plan.order.isStaged && !from.isOutside() && !to.isOutside();
	const bool isCarried = from.isOutside() && to.isOutside();

	plan.way = isPeer ? Way::peer : isCarried ? Way::cpu : Way::staged;
	if (isPeer && plan.order.via && plan.order.via->kind == PlaceKind::p2pmem)
		throw Error("P2P_VIA", "a function by itself is no memory",
			    {{"name", plan.order.via->name}});
	if (isPeer)
		plan.via = findMemory(machine, plan.order.via ? *plan.order.via : ringOf(plan),
				      plan.order.permission, 1);
	const auto *ring = plan.via ? &*plan.via : nullptr;
	if (!from.isOutside())
		plan.legs.push_back(legOf(machine, *from.function, ring, true, plan.order));
	if (!to.isOutside())
		plan.legs.push_back(legOf(machine, *to.function, ring, false, plan.order));
}

// One word of a BAR into a file is one load: nobody means the pieces of a register.
static bool isOneWord(const Order &order)
{
	const uint64_t length = order.length.value_or(0);
	return order.from.kind == PlaceKind::bar && order.to.isFile() &&
	       (length == 1 || length == 2 || length == 4 || length == 8) &&
	       order.from.offset % length == 0;
}

static void planWords(Plan &plan)
{
	auto &order = plan.order;
	if (order.width == 0 && !order.pattern && isOneWord(order))
		order.width = *order.length;
	if (order.width == 0)
		return;
	const auto &memory = plan.from.isMemory() ? plan.from : plan.to;
	const auto &other = plan.from.isMemory() ? plan.to : plan.from;
	if (memory.place.kind != PlaceKind::bar || !other.isFile())
		throw Error("P2P_WIDTH", "no loads and stores between these two");
	requireMultiple("the offset in the BAR", memory.place.offset, order.width);
	requireMultiple("the length", order.length.value_or(0), order.width);
	// To read a register again may give something else, or do something.
	order.verify = Verify::none;
}

using Options = std::vector<std::pair<const char *, bool>>;

static Options optionsOfPictures(const Order &order)
{
	const auto &[format, count] = order.pictures;
	return {{"--frames", count > 0},
		{"--format", !format.fourcc.empty()},
		{"--frame-size", format.width > 0}};
}

static Options optionsOfBytes(const Order &order)
{
	return {{"--length", order.length.has_value()},
		{"--pattern", order.pattern.has_value()},
		{"--width", order.width > 0}};
}

static void requireUse(const Plan &plan)
{
	const auto &order = plan.order;
	if (order.via && !plan.via)
		throw Error("P2P_UNUSED", "no memory between these two", {{"option", "--via"}});
	const bool isCarried = plan.from.isMemory() && plan.to.isMemory() && !order.isStaged;
	if (!order.engine.empty() && !isCarried)
		throw Error("P2P_UNUSED", "no engine between these two", {{"option", "--engine"}});
	for (const auto &[option, isGiven] : optionsOfPictures(order))
		if (isGiven && !plan.from.isVideo())
			throw Error("P2P_UNUSED", "no pictures", {{"option", option}});
	for (const auto &[option, isGiven] : optionsOfBytes(order))
		if (isGiven && plan.from.isVideo())
			throw Error("P2P_UNUSED", "pictures come whole", {{"option", option}});
}

Plan plan(const pci::Machine &machine, const Order &order)
{
	Plan plan{.order = order,
		  .from = findEnd(machine, order.from, order, order.pattern.has_value()),
		  .to = findEnd(machine, order.to, order, true)};
	requireWay(plan);

	if (plan.from.isBlock() || plan.to.isBlock())
		planBlocks(machine, plan);
	else if (plan.from.isMemory() && plan.to.isMemory())
		planMemories(machine, plan);
	else if (plan.from.isMemory() || plan.to.isMemory())
		planMediumAndMemory(machine, plan);
	else
		planMedia(machine, plan);

	plan.space = spaceOf(machine, plan);
	if (plan.isMapped())
		plan.isIdentity =
			std::all_of(plan.legs.begin(), plan.legs.end(), [&](const Leg &leg) {
				return isIdentical(leg, *plan.memory());
			});
	requireUse(plan);
	planWords(plan);
	if (order.pattern)
		plan.order.verify = Verify::full;
	// Bytes that went down a pipe, or are shown, can be looked at no more.
	if (order.to.kind == PlaceKind::stream || plan.to.isScreen())
		plan.order.verify = Verify::none;
	return plan;
}

}
