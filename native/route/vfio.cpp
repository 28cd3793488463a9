// SPDX-License-Identifier: MIT
// What stands between now and a VFIO mapping, as far as sysfs tells without opening anything.
#include "pci/function.h"
#include "pci/usage.h"
#include "route/host_bridges.h"
#include "route/verdict.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace route
{

using Blocker = std::map<std::string, std::string>;

constexpr const char *vfioDriver = "vfio-pci";

static std::string hinderers(const pci::Machine &machine, const pci::Function &function)
{
	std::string members;
	for (const pci::Function &other : machine.functions) {
		if (other.iommuGroup != function.iommuGroup || pci::leavesGroup(other.driver) ||
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
	else if (const auto *sleeper = pci::sleeperOf(machine, provider))
		blockers.push_back({{"code", "asleep"},
				    {"bdf", provider.bdf.name()},
				    {"asleep", sleeper->bdf.name()},
				    {"state", pci::sleepOf(*sleeper)}});
}

// VFIO_DEVICE_FEATURE_DMA_BUF, and iommufd that takes it.
constexpr Release firstWithExport{6, 19};

std::string iommufdObstacle(const pci::Machine &machine,
			    const std::vector<const pci::Function *> &functions,
			    const pci::Function *provider)
{
	if (!machine.hasIommufd.value_or(false))
		return "no-device";
	if (std::ranges::any_of(functions, [](const auto *it) { return it->vfioDevice.empty(); }))
		return "no-cdev";
	if (provider && provider->driver != vfioDriver)
		return "provider";
	const auto release = Release::parse(machine.kernel);
	return provider && (!release || *release < firstWithExport) ? "kernel" : "";
}

static std::string mechanismFor(const pci::Machine &machine, const pci::Function &client,
				const pci::Function &provider)
{
	if (provider.driver == vfioDriver)
		return iommufdObstacle(machine, {&client, &provider}, &provider).empty() ? "iommufd"
											 : "type1";
	return provider.driver.empty() ? "sysfs" : "";
}

static std::string hex(uint64_t number)
{
	char text[20];
	snprintf(text, sizeof text, "0x%" PRIx64, number);
	return text;
}

// Below a page and not at the start of one, a BAR shares its page with something else
// (drivers/vfio/pci/vfio_pci_core.c, vfio_pci_probe_mmaps).
static bool isMappable(const pci::Bar &bar)
{
	constexpr uint64_t page = 4096;
	return bar.size >= page || bar.start % page == 0;
}

// A BAR is mapped at its bus address where the client's IOMMU translates that: then a switch that
// does not redirect may turn the request as well as the root complex.
static void checkBar(const pci::Function &client, const pci::Function &provider,
		     const pci::Bar &bar, VfioView &view)
{
	const Blocker facts = {{"bdf", provider.bdf.name()}, {"bar", std::to_string(bar.index)}};
	const auto say = [&](const char *code, Blocker more) {
		more.insert(facts.begin(), facts.end());
		more["code"] = code;
		view.limits.push_back(std::move(more));
	};
	const uint64_t start = number(*bar.busAddress), end = start + bar.size - 1;

	if (!isMappable(bar))
		say("not-mappable", {});
	if (client.apertureBits && *client.apertureBits < 64 && end >> *client.apertureBits)
		say("beyond-aperture",
		    {{"bits", std::to_string(*client.apertureBits)}, {"address", hex(end)}});
	for (const auto &reserved : client.reservedIovas)
		if (start <= reserved.end && reserved.start <= end)
			say("reserved-iova", {{"address", hex(reserved.start)}});
}

static void checkLimits(const pci::Machine &machine, const pci::Function &client,
			const pci::Function &provider, VfioView &view)
{
	for (const auto &bar : provider.bars)
		if (bar.isMemory && bar.busAddress && bar.size > 0)
			checkBar(client, provider, bar, view);
	if (machine.memlock)
		view.limits.push_back(
			{{"code", "memlock"}, {"bytes", std::to_string(*machine.memlock)}});
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
	checkLimits(machine, client, provider, view);
	view.mechanism = mechanismFor(machine, client, provider);
	view.isReady = view.blockers.empty();
	return view;
}

}
