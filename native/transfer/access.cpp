// SPDX-License-Identifier: MIT
#include "transfer/access.h"

#include "pci/function.h"
#include "pci/usage.h"
#include "sys/error.h"

namespace transfer
{

using sys::Error;

static void requireUnused(const pci::Machine &machine, const pci::Function &function)
{
	const auto uses = pci::usesOf(machine.root, function);
	if (!uses.empty())
		throw pci::inUse(uses);
}

void requireVfioDriver(const pci::Machine &machine, const pci::Function &function)
{
	if (function.driver == "vfio-pci")
		return;
	if (!function.driver.empty())
		requireUnused(machine, function);
	throw Error("P2P_NOT_BOUND", function.bdf.name() + " is not bound to vfio-pci",
		    {{"bdf", function.bdf.name()}, {"driver", function.driver}});
}

void requireGroup(const pci::Function &function)
{
	if (!function.iommuGroup)
		throw Error("VFIO_NO_IOMMU", function.bdf.name() + " is in no IOMMU group",
			    {{"bdf", function.bdf.name()}});
}

static void requireAwake(const pci::Machine &machine, const pci::Function &function)
{
	if (const auto *sleeper = pci::sleeperOf(machine, function))
		throw Error("P2P_ASLEEP", sleeper->bdf.name() + " sleeps",
			    {{"bdf", function.bdf.name()},
			     {"asleep", sleeper->bdf.name()},
			     {"state", pci::sleepOf(*sleeper)}});
}

std::string accessTo(const pci::Machine &machine, const pci::Function &provider,
		     const Permission &permission)
{
	if (provider.driver == "vfio-pci")
		return "vfio";
	if (!provider.driver.empty() && !permission.driverOwned)
		throw Error("P2P_PROVIDER_DRIVER", "a driver has the provider",
			    {{"bdf", provider.bdf.name()}, {"driver", provider.driver}});
	requireAwake(machine, provider);
	return "sysfs";
}

void requireViable(const route::VfioView &view)
{
	for (const auto &blocker : view.blockers)
		if (blocker.at("code") == "group-not-viable")
			throw Error("VFIO_NOT_VIABLE",
				    "group " + blocker.at("group") + " is not viable", blocker);
}

route::Clearance clearFor(const pci::Machine &machine, route::Verdict verdict,
			  const Permission &permission)
{
	try {
		return route::clear(std::move(verdict), permission.verdict);
	} catch (Error &error) {
		if (machine.supply)
			error.facts.insert({{"supply", machine.supply->path},
					    {"refusal", machine.supply->refusal},
					    {"detail", machine.supply->detail}});
		throw;
	}
}

route::Clearance clearMapping(const pci::Machine &machine, const pci::Function &client,
			      const pci::Function &provider, const Permission &permission)
{
	requireGroup(client);
	requireVfioDriver(machine, client);
	if (accessTo(machine, provider, permission) == "vfio")
		requireGroup(provider);
	auto verdict = route::verdict(machine, client, provider);
	requireViable(verdict.vfio);
	return clearFor(machine, std::move(verdict), permission);
}

void clearExport(const pci::Machine &machine, const pci::Function &provider)
{
	requireGroup(provider);
	requireVfioDriver(machine, provider);
	requireViable(route::vfioView(machine, provider, provider));
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

}
