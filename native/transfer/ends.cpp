// SPDX-License-Identifier: MIT
#include "transfer/ends.h"

#include "device/engines.h"
#include "pci/usage.h"
#include "sys/error.h"
#include "sys/file.h"
#include "transfer/access.h"
#include "transfer/guard.h"

#include <algorithm>
#include <climits>

namespace transfer
{

using sys::Error;

End findMemory(const pci::Machine &machine, const Place &place, const Permission &permission,
	       uint64_t length)
{
	const auto &function = machine.find(place.name);
	End end{.place = place, .function = function};

	if (place.kind == PlaceKind::bar) {
		end.bar = requireMemoryBar(function, place.index);
		end.access = accessTo(machine, function, permission);
		requireRange("the BAR", end.bar->size, place.offset, length);
	} else {
		// What a controller offers is written in its registers.
		if (device::engineFor(function) != "nvme")
			throw Error("P2P_NO_CMB", "no NVMe controller",
				    {{"bdf", function.bdf.name()},
				     {"kind", place.kind == PlaceKind::cmb ? "cmb" : "pmr"}});
		requireVfioDriver(machine, function);
		end.access = "vfio";
	}
	if (end.access == "vfio")
		requireGroup(function);
	return end;
}

End findEnd(const pci::Machine &machine, const Place &place, const Order &order, bool isWritten)
{
	if (place.isFile() || place.isVideo() || place.isScreen())
		return {.place = place};
	if (place.isMemory())
		return findMemory(machine, place, order.permission, order.length.value_or(1));

	if (place.kind == PlaceKind::block) {
		const auto name = sys::baseName(place.name);
		const auto uses = pci::usesOfBlock(machine.root, name);
		if (isWritten && !uses.empty())
			throw pci::inUse(uses);
		return {.place = place, .function = machine.find(name)};
	}
	const auto &function = machine.find(place.name);
	if (device::engineFor(function) != "nvme")
		throw Error("P2P_NO_ENGINE", "no engine for " + function.bdf.name(),
			    {{"bdf", function.bdf.name()}});
	return {.place = place, .function = function};
}

Leg legOf(const pci::Machine &machine, const pci::Function &client, const End *memory,
	  bool isFromMedium, const Order &order)
{
	Leg leg{.client = client,
		.engine = device::engineFor(client),
		.isFromMedium = isFromMedium};

	if (memory) {
		requireMultiple("the offset in the memory", memory->place.offset, 4);
		leg.provider = memory->function;
		leg.clearance = clearMapping(machine, client, *memory->function, order.permission);
	} else {
		requireGroup(client);
		requireVfioDriver(machine, client);
		requireViable(route::verdict(machine, client, client).vfio);
	}
	return leg;
}

Leg legOfBlock(const pci::Machine &machine, const End &block, const End *pool, bool isFromMedium,
	       const Order &order)
{
	Leg leg{.client = *block.function, .engine = "kernel", .isFromMedium = isFromMedium};
	if (pool) {
		leg.provider = pool->function;
		leg.clearance =
			clearFor(machine, route::verdict(machine, *block.function, *pool->function),
				 order.permission);
	}
	return leg;
}

// The pools that all clients may reach, the nearest first: by the kernel's own distance.
static std::optional<pci::Function> nearestPool(const pci::Machine &machine,
						const std::vector<const End *> &clients,
						const Order &order)
{
	std::optional<pci::Function> nearest;
	int least = INT_MAX;

	for (const auto &function : machine.functions) {
		if (!function.p2pmem || !function.p2pmem->isPublished)
			continue;
		int distance = 0;
		for (const auto *client : clients) {
			const auto verdict = route::verdict(machine, *client->function, function);
			const bool isAllowed = route::isCleared(verdict, order.permission.verdict);
			distance = isAllowed && distance < INT_MAX
					   ? distance + verdict.kernel.distance.value_or(0)
					   : INT_MAX;
		}
		if (distance < least) {
			least = distance;
			nearest = function;
		}
	}
	return nearest;
}

End findPool(const pci::Machine &machine, const Plan &plan)
{
	const auto &order = plan.order;
	std::vector<const End *> blocks;
	for (const auto *end : {&plan.from, &plan.to})
		if (end->isBlock())
			blocks.push_back(end);

	const auto pool = order.via ? std::optional(machine.find(order.via->name))
				    : nearestPool(machine, blocks, order);
	if (!pool || !pool->p2pmem || pool->p2pmem->available == 0)
		throw Error("P2P_NO_P2PMEM", "no memory in the kernel's pool",
			    {{"bdf", pool ? pool->bdf.name() : ""}});
	return {.place = {.kind = PlaceKind::p2pmem, .name = pool->bdf.name()},
		.function = pool,
		.access = "p2pmem"};
}

Place ringOf(const Plan &plan)
{
	for (const auto *end : {&plan.from, &plan.to}) {
		const auto &bars = end->function->bars;
		if (std::any_of(bars.begin(), bars.end(),
				[](const pci::Bar &bar) { return bar.isMemory && bar.index > 0; }))
			return {.kind = PlaceKind::cmb, .name = end->place.name};
	}
	throw Error("P2P_NO_RING", "no memory between two namespaces");
}

}
