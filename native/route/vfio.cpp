// SPDX-License-Identifier: MIT
// What stands between now and a VFIO mapping, as far as sysfs tells without opening anything.
#include "route/verdict.h"

#include <algorithm>
#include <array>

namespace route
{

using Blocker = std::map<std::string, std::string>;

constexpr const char *vfioDriver = "vfio-pci";

// Drivers that leave a group viable because they do no DMA of their own.
static bool leavesViable(const std::string &driver)
{
	static const std::array harmless = {"", vfioDriver, "pcieport", "pci-stub", "pci-pf-stub"};
	return std::ranges::find(harmless, driver) != harmless.end() ||
	       driver.ends_with("-vfio-pci") || driver.ends_with("_vfio_pci");
}

static std::string hinderers(const pci::Machine &machine, const pci::Function &function)
{
	std::string members;
	for (const pci::Function &other : machine.functions) {
		if (other.iommuGroup != function.iommuGroup || leavesViable(other.driver) ||
		    other.bdf == function.bdf)
			continue;
		members += (members.empty() ? "" : ", ") + other.bdf.name() + " " + other.driver;
	}
	return members;
}

static void checkGroup(const pci::Machine &machine, const pci::Function &function,
		       std::vector<Blocker> &blockers)
{
	if (!function.iommuGroup) {
		blockers.push_back({{"code", "no-group"}, {"bdf", function.bdf.name()}});
		return;
	}
	const std::string group = std::to_string(*function.iommuGroup);
	if (const auto members = hinderers(machine, function); !members.empty())
		blockers.push_back({{"code", "group-not-viable"},
				    {"bdf", function.bdf.name()},
				    {"group", group},
				    {"members", members}});
	if (function.isGroupOpen == false)
		blockers.push_back({{"code", "group-permission"},
				    {"bdf", function.bdf.name()},
				    {"path", "/dev/vfio/" + group}});
}

static void checkClient(const pci::Machine &machine, const pci::Function &client,
			std::vector<Blocker> &blockers)
{
	if (client.driver != vfioDriver) {
		if (machine.hasVfioPci == false)
			blockers.push_back({{"code", "no-vfio-pci"}});
		blockers.push_back({{"code", "client-driver"},
				    {"bdf", client.bdf.name()},
				    {"driver", client.driver}});
	}
	checkGroup(machine, client, blockers);
}

static void checkProvider(const pci::Machine &machine, const pci::Function &provider,
			  std::vector<Blocker> &blockers)
{
	const auto isUsable = [](const pci::Bar &b) { return b.isMemory && b.busAddress; };
	if (std::ranges::none_of(provider.bars, isUsable))
		blockers.push_back({{"code", "no-bar"}, {"bdf", provider.bdf.name()}});
	if (provider.driver == vfioDriver)
		checkGroup(machine, provider, blockers);
	else if (!provider.driver.empty())
		blockers.push_back({{"code", "provider-driver"},
				    {"bdf", provider.bdf.name()},
				    {"driver", provider.driver}});
}

static std::string mechanismFor(const pci::Function &provider)
{
	if (provider.driver == vfioDriver)
		return "type1";
	return provider.driver.empty() ? "sysfs" : "";
}

VfioView vfioView(const pci::Machine &machine, const pci::Function &client,
		  const pci::Function &provider)
{
	VfioView view;
	if (!machine.hasIommu)
		return view;
	if (!*machine.hasIommu) {
		view.isReady = false;
		view.blockers.push_back({{"code", "no-iommu"}});
		return view;
	}
	checkClient(machine, client, view.blockers);
	if (client.bdf != provider.bdf)
		checkProvider(machine, provider, view.blockers);
	view.mechanism = mechanismFor(provider);
	view.isReady = view.blockers.empty();
	return view;
}

}
