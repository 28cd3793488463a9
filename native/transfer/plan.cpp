// SPDX-License-Identifier: MIT
#include "transfer/plan.h"

#include "device/attach.h"
#include "pci/usage.h"
#include "sys/error.h"
#include "sys/file.h"
#include "transfer/guard.h"

#include <sstream>

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

// reserved_regions: lines 'start end type' of addresses that the IOMMU does not translate freely.
static bool isReserved(const pci::Machine &machine, int group, uint64_t start, uint64_t end)
{
	const auto path = machine.root + "/sys/kernel/iommu_groups/" + std::to_string(group) +
			  "/reserved_regions";
	std::istringstream lines(sys::readText(path).value_or(""));
	std::string from, to, type;

	while (lines >> from >> to >> type)
		if (std::stoull(from, nullptr, 16) <= end && start <= std::stoull(to, nullptr, 16))
			return true;
	return false;
}

static void requireViable(const route::VfioView &view)
{
	for (const auto &blocker : view.blockers)
		if (blocker.at("code") == "group-not-viable")
			throw Error("VFIO_NOT_VIABLE",
				    "group " + blocker.at("group") + " is not viable", blocker);
}

route::Clearance clearMapping(const pci::Machine &machine, const pci::Function &client,
			      const pci::Function &provider, const pci::Bar &,
			      const Permission &permission)
{
	requireGroup(client);
	requireVfioDriver(machine, client);
	if (accessTo(provider, permission) == "vfio")
		requireGroup(provider);
	auto verdict = route::verdict(machine, client, provider);
	requireViable(verdict.vfio);
	return route::clear(std::move(verdict), permission.verdict);
}

static void requireOneOfEach(const Order &order)
{
	if (order.from.isNamespace != order.to.isNamespace)
		return;
	throw Error("P2P_KINDS", "one end must be a namespace and the other a BAR",
		    {{"kind", order.from.isNamespace ? "namespace" : "BAR"}});
}

static void requireEngine(const pci::Function &client)
{
	if (device::engineFor(client).empty())
		throw Error("P2P_NO_ENGINE", "no engine for " + client.bdf.name(),
			    {{"bdf", client.bdf.name()}});
}

Plan plan(const pci::Machine &machine, const Order &order)
{
	requireOneOfEach(order);
	const bool isFromMedium = order.from.isNamespace;
	const auto &medium = isFromMedium ? order.from : order.to;
	const auto &memory = isFromMedium ? order.to : order.from;
	const auto &client = machine.find(medium.name);
	const auto &provider = machine.find(memory.name);

	requireEngine(client);
	const auto &bar = requireMemoryBar(provider, memory.index);
	requireRange("the BAR", bar.size, memory.offset, order.length.value_or(1));
	requireMultiple("the offset in the BAR", memory.offset, 4);
	auto clearance = clearMapping(machine, client, provider, bar, order.permission);
	const uint64_t start = number(bar.busAddress.value_or(pci::BusAddress{}));

	return Plan{.order = order,
		    .client = client,
		    .provider = provider,
		    .bar = bar,
		    .isFromMedium = isFromMedium,
		    .medium = medium,
		    .memory = memory,
		    .clearance = std::move(clearance),
		    .engine = device::engineFor(client),
		    .access = accessTo(provider, order.permission),
		    .isIdentity =
			    !isReserved(machine, *client.iommuGroup, start, start + bar.size - 1)};
}

}
