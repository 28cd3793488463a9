// SPDX-License-Identifier: MIT
#include "transfer/plan.h"

#include "device/engines.h"
#include "pci/usage.h"
#include "sys/error.h"
#include "sys/file.h"
#include "transfer/guard.h"

#include <algorithm>
#include <climits>
#include <tuple>

namespace transfer
{

using sys::Error;

static void requireUnused(const pci::Machine &machine, const pci::Function &function)
{
	const auto uses = pci::usesOf(machine.root, function);
	if (!uses.empty())
		throw pci::inUse(uses);
}

static void requireVfioDriver(const pci::Machine &machine, const pci::Function &function)
{
	if (function.driver == "vfio-pci")
		return;
	if (!function.driver.empty())
		requireUnused(machine, function);
	throw Error("P2P_NOT_BOUND", function.bdf.name() + " is not bound to vfio-pci",
		    {{"bdf", function.bdf.name()}, {"driver", function.driver}});
}

static void requireGroup(const pci::Function &function)
{
	if (!function.iommuGroup)
		throw Error("VFIO_NO_IOMMU", function.bdf.name() + " is in no IOMMU group",
			    {{"bdf", function.bdf.name()}});
}

// Through VFIO, or through sysfs where no driver stands in between.
static std::string accessTo(const pci::Function &provider, const Permission &permission)
{
	if (provider.driver == "vfio-pci")
		return "vfio";
	if (provider.driver.empty() || permission.driverOwned)
		return "sysfs";
	throw Error("P2P_PROVIDER_DRIVER", "a driver has the provider",
		    {{"bdf", provider.bdf.name()}, {"driver", provider.driver}});
}

static void requireViable(const route::VfioView &view)
{
	for (const auto &blocker : view.blockers)
		if (blocker.at("code") == "group-not-viable")
			throw Error("VFIO_NOT_VIABLE",
				    "group " + blocker.at("group") + " is not viable", blocker);
}

route::Clearance clearMapping(const pci::Machine &machine, const pci::Function &client,
			      const pci::Function &provider, const Permission &permission)
{
	requireGroup(client);
	requireVfioDriver(machine, client);
	if (accessTo(provider, permission) == "vfio")
		requireGroup(provider);
	auto verdict = route::verdict(machine, client, provider);
	requireViable(verdict.vfio);
	return route::clear(std::move(verdict), permission.verdict);
}

void clearExport(const pci::Machine &machine, const pci::Function &provider)
{
	requireGroup(provider);
	requireVfioDriver(machine, provider);
	requireViable(route::vfioView(machine, provider, provider));
}

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

std::string chooseSpace(const pci::Machine &machine,
			const std::vector<const pci::Function *> &functions,
			const pci::Function *provider, const std::string &asked)
{
	if (asked == "type1")
		return asked;
	const auto obstacle = route::iommufdObstacle(machine, functions, provider);
	// A kernel that is called older may have it all the same.
	const bool isTried = obstacle.empty() || (obstacle == "kernel" && asked == "iommufd");
	if (!isTried && asked == "iommufd")
		throw Error("VFIO_NO_IOMMUFD", "no iommufd for this",
			    {{"what", obstacle},
			     {"bdf", provider ? provider->bdf.name() : functions[0]->bdf.name()}});
	return isTried ? "iommufd" : "type1";
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

static End findMemory(const pci::Machine &machine, const Place &place, const Permission &permission,
		      uint64_t length)
{
	const auto &function = machine.find(place.name);
	End end{.place = place, .function = function};

	if (place.kind == PlaceKind::bar) {
		end.bar = requireMemoryBar(function, place.index);
		end.access = accessTo(function, permission);
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

static End findEnd(const pci::Machine &machine, const Place &place, const Order &order,
		   bool isWritten)
{
	if (place.isFile())
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

// A function that reaches into memory of another, or into the host's where there is none.
static Leg legOf(const pci::Machine &machine, const pci::Function &client, const End *memory,
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

// A namespace that the kernel drives: its requests reach the pool of the provider.
static Leg legOfBlock(const pci::Machine &machine, const End &block, const End *pool,
		      bool isFromMedium, const Order &order)
{
	Leg leg{.client = *block.function, .engine = "kernel", .isFromMedium = isFromMedium};
	if (pool) {
		leg.provider = pool->function;
		leg.clearance =
			route::clear(route::verdict(machine, *block.function, *pool->function),
				     order.permission.verdict);
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

static End findPool(const pci::Machine &machine, const Plan &plan)
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

static void planBlocks(const pci::Machine &machine, Plan &plan)
{
	plan.way = plan.order.isStaged ? Way::staged : Way::peer;
	if (plan.way == Way::peer)
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

// Memory between two namespaces where the user named none: a CMB of either, which only a BAR
// besides the registers can hold.
static Place ringOf(const Plan &plan)
{
	for (const auto *end : {&plan.from, &plan.to}) {
		const auto &bars = end->function->bars;
		if (std::any_of(bars.begin(), bars.end(),
				[](const pci::Bar &bar) { return bar.isMemory && bar.index > 0; }))
			return {.kind = PlaceKind::cmb, .name = end->place.name};
	}
	throw Error("P2P_NO_RING", "no memory between two namespaces");
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

static void requireWay(const Plan &plan)
{
	const auto &[from, to] = std::tie(plan.from, plan.to);
	// The kernel's driver takes no memory of a BAR: only of the pool.
	const auto isForeign = [](const End &end) { return !end.isBlock() && !end.isFile(); };
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

	if (medium.isFile()) {
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
	const bool isPeer = !plan.order.isStaged && !plan.from.isFile() && !plan.to.isFile();

	plan.way = isPeer ? Way::peer : Way::staged;
	if (isPeer && plan.order.via && plan.order.via->kind == PlaceKind::p2pmem)
		throw Error("P2P_VIA", "a function by itself is no memory",
			    {{"name", plan.order.via->name}});
	if (isPeer)
		plan.via = findMemory(machine, plan.order.via ? *plan.order.via : ringOf(plan),
				      plan.order.permission, 1);
	const auto *ring = plan.via ? &*plan.via : nullptr;
	if (!plan.from.isFile())
		plan.legs.push_back(legOf(machine, *plan.from.function, ring, true, plan.order));
	if (!plan.to.isFile())
		plan.legs.push_back(legOf(machine, *plan.to.function, ring, false, plan.order));
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

static void requireUse(const Plan &plan)
{
	const auto &order = plan.order;
	if (order.via && !plan.via)
		throw Error("P2P_UNUSED", "no memory between these two", {{"option", "--via"}});
	const bool isCarried = plan.from.isMemory() && plan.to.isMemory() && !order.isStaged;
	if (!order.engine.empty() && !isCarried)
		throw Error("P2P_UNUSED", "no engine between these two", {{"option", "--engine"}});
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
	// Bytes that went down a pipe can be looked at no more.
	if (order.to.kind == PlaceKind::stream)
		plan.order.verify = Verify::none;
	return plan;
}

}
