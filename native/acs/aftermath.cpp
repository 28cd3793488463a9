// SPDX-License-Identifier: MIT
#include "acs/aftermath.h"

#include "pci/usage.h"
#include "route/fix.h"
#include "route/host_bridges.h"
#include "route/verdict.h"

#include <algorithm>

namespace acs
{

// From this release on vfio-pci makes every function that it has a provider.
constexpr route::Release vfioProviders{6, 19};

static bool isProvider(const pci::Machine &machine, const pci::Function &function)
{
	const auto release = route::Release::parse(machine.kernel);
	if (function.driver.empty())
		return false;
	return function.p2pmem ||
	       (pci::isVfioDriver(function.driver) && release && *release >= vfioProviders);
}

static bool isEnd(const pci::Function &function)
{
	return function.role == pci::Role::endpoint || function.role == pci::Role::rcIntegrated;
}

static bool changes(const pci::Machine &before, const pci::Machine &after,
		    const pci::Function &client, const pci::Function &provider)
{
	std::vector<std::string> missing;
	const auto was = route::kernelView(before, client, provider, missing);
	const auto is =
		route::kernelView(after, after.at(client.bdf), after.at(provider.bdf), missing);
	return was.mapType != is.mapType;
}

std::vector<Driven> staleProviders(const pci::Machine &before, const pci::Machine &after)
{
	std::vector<Driven> stale;
	for (const pci::Function &provider : before.functions) {
		const auto isHit = [&](const pci::Function &client) {
			return isEnd(client) && client.rootBus == provider.rootBus &&
			       changes(before, after, client, provider);
		};
		if (isProvider(before, provider) && std::ranges::any_of(before.functions, isHit))
			stale.push_back({provider.bdf, provider.driver});
	}
	return stale;
}

static bool isSame(const route::Difference &a, const route::Difference &b)
{
	return a.group == b.group && a.predicted == b.predicted;
}

std::vector<route::Difference> staleGroups(const pci::Machine &before, const pci::Machine &after)
{
	const auto known = route::groupDifferences(before);
	auto differences = route::groupDifferences(after);
	std::erase_if(differences, [&](const route::Difference &difference) {
		return std::ranges::any_of(
			known, [&](const auto &other) { return isSame(other, difference); });
	});
	return differences;
}

pci::Machine machineAfter(const pci::Machine &machine, const std::vector<Step> &steps)
{
	std::vector<route::Change> changes;
	for (const Step &step : steps)
		changes.push_back({step.port->bdf, static_cast<uint16_t>(step.before & ~step.after),
				   static_cast<uint16_t>(step.after & ~step.before)});
	return route::changed(machine, changes);
}

}
