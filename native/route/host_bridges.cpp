// SPDX-License-Identifier: MIT
#include "route/host_bridges.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <linux/pci_regs.h>

namespace route
{

constexpr uint16_t anyDevice = 0xffff;
constexpr int zenFamily = 0x17;

// An entry is surely absent before maybeSince and surely there from surelySince on; releases in
// between are not certain, and where they would decide the verdict is unknown.
struct Since {
	Release maybe, surely;

	std::optional<bool> holds(const std::optional<Release> &release) const
	{
		if (!release)
			return std::nullopt;
		if (*release < maybe)
			return false;
		return *release >= surely ? std::optional(true) : std::nullopt;
	}
};

struct Entry {
	uint16_t vendor, device;
	bool isSameOnly; // good for two functions below the same host bridge only
	Since since;
};

constexpr Since sandyBridge{{5, 4}, {5, 4}};
constexpr Since skylake{{5, 4}, {5, 4}};
constexpr Since skylakeMore{{5, 4}, {5, 14}};
constexpr Since iceLake{{5, 17}, {5, 18}};
constexpr Since accelerators{{6, 13}, {7, 2}};
constexpr Since google{{6, 13}, {7, 1}};
constexpr Since nvidia{{7, 3}, {7, 3}};

// host_bridge_whitelist of drivers/pci/p2pdma.c. Read in 6.1.176, 6.12.117, 7.2.12 and 7.3.4; what
// changed between two of them, and what is older than 6.1, is uncertain in between.
constexpr Release newestKnown{7, 3};
constexpr std::array hostBridges = {
	Entry{0x8086, 0x3c00, true, sandyBridge},   Entry{0x8086, 0x3c01, true, sandyBridge},
	Entry{0x8086, 0x2f00, true, sandyBridge},   Entry{0x8086, 0x2f01, true, sandyBridge},
	Entry{0x8086, 0x2030, false, skylake},      Entry{0x8086, 0x2031, false, skylakeMore},
	Entry{0x8086, 0x2032, false, skylakeMore},  Entry{0x8086, 0x2033, false, skylakeMore},
	Entry{0x8086, 0x2020, false, skylake},      Entry{0x8086, 0x09a2, false, iceLake},
	Entry{0x8086, 0x0b25, false, accelerators}, Entry{0x8086, 0x0cfe, false, accelerators},
	Entry{0x8086, 0x11fb, false, accelerators}, Entry{0x8086, 0x1212, false, accelerators},
	Entry{0x8086, 0x1216, false, accelerators}, Entry{0x8086, 0x4940, false, accelerators},
	Entry{0x8086, 0x4942, false, accelerators}, Entry{0x8086, 0x4944, false, accelerators},
	Entry{0x8086, 0x4946, false, accelerators}, Entry{0x8086, 0x4948, false, accelerators},
	Entry{0x1ae0, anyDevice, false, google},    Entry{0x10de, 0x2f95, false, nvidia},
	Entry{0x10de, 0x2f96, false, nvidia},       Entry{0x10de, 0x2f97, false, nvidia},
	Entry{0x10de, 0x2f98, false, nvidia},
};

// Before, only a device at 00.0 stood for its host bridge.
constexpr Since rootPortStandsFor{{5, 4}, {5, 18}};
// 5.2 knew the first Zen by its host bridge; the rule by CPU came some releases later.
constexpr Since cpuRule{{5, 2}, {5, 10}};

std::optional<Release> Release::parse(const std::string &kernel)
{
	Release release;
	if (sscanf(kernel.c_str(), "%d.%d", &release.major, &release.minor) != 2)
		return std::nullopt;
	return release;
}

// The kernel takes the first of the root bus's list, which is in order of devfn unless something
// was plugged in since.
static const pci::Function *representative(const pci::Machine &machine, const std::string &rootBus)
{
	const auto first = std::ranges::find_if(machine.functions, [&](const pci::Function &f) {
		return f.rootBus == rootBus && !f.parent && !f.physfn;
	});
	return first == machine.functions.end() ? nullptr : &*first;
}

static std::string idOf(const pci::Function &function)
{
	char text[10];
	snprintf(text, sizeof text, "%04x:%04x", function.vendor, function.device);
	return text;
}

static std::optional<bool> isListed(const pci::Function &bridge, bool isSame,
				    const std::optional<Release> &release)
{
	const auto entry = std::ranges::find_if(hostBridges, [&](const Entry &e) {
		return e.vendor == bridge.vendor &&
		       (e.device == anyDevice || e.device == bridge.device);
	});
	if (entry != hostBridges.end())
		return entry->isSameOnly && !isSame ? false : entry->since.holds(release);
	// A release newer than the list may know more.
	if (!release || *release > newestKnown)
		return std::nullopt;
	return false;
}

// Its role is a guess from where it stands.
static bool isTypeUnread(const pci::Function &bridge)
{
	return bridge.config.capability(PCI_CAP_ID_EXP).seen == pci::Seen::unknown &&
	       bridge.maxLink.width == 0 && bridge.driver != "pcieport";
}

static Trust judge(const pci::Machine &machine, const std::string &rootBus, bool isSame)
{
	const auto release = Release::parse(machine.kernel);
	const pci::Function *bridge = representative(machine, rootBus);
	if (!bridge)
		return {.isTrusted = std::nullopt,
			.hostBridge = "",
			.missing = rootBus + " host bridge"};

	const bool isFirst = bridge->bdf.device == 0 && bridge->bdf.function == 0;
	if (std::ranges::count(machine.cutBuses, rootBus) > 0)
		return {std::nullopt, "", rootBus + " host bridge"};
	// A text without numbers.
	if (bridge->vendor == 0 || bridge->device == 0)
		return {std::nullopt, "", bridge->bdf.name() + " vendor and device"};
	if (!isFirst && isTypeUnread(*bridge))
		return {std::nullopt, "", bridge->bdf.name() + " port type"};
	if (!isFirst && bridge->role != pci::Role::rootPort)
		return {false, idOf(*bridge), ""};

	auto listed = isListed(*bridge, isSame, release);
	if (listed == true && !isFirst)
		listed = rootPortStandsFor.holds(release);
	if (listed)
		return {*listed, *listed ? "" : idOf(*bridge), ""};
	const std::string kernel = release ? "Linux " + machine.kernel : "the kernel";
	return {std::nullopt, "", "host-bridge list of " + kernel + " (" + idOf(*bridge) + ")"};
}

static Trust trustByCpu(const pci::Machine &machine)
{
	if (machine.cpuVendor.empty())
		return {std::nullopt, "", "CPU"};
	if (machine.cpuVendor != "AuthenticAMD" || machine.cpuFamily.value_or(0) < zenFamily)
		return {false, "", ""};
	const auto holds = cpuRule.holds(Release::parse(machine.kernel));
	return {holds, "", holds ? "" : "kernel release"};
}

// Three-valued and: a certain no decides.
static Trust both(const Trust &first, const Trust &second)
{
	if (first.isTrusted == false || second.isTrusted == true)
		return first;
	return second;
}

Trust trustRootComplex(const pci::Machine &machine, const pci::Function &client,
		       const pci::Function &provider)
{
	const auto byCpu = trustByCpu(machine);
	if (byCpu.isTrusted == true)
		return byCpu;

	const bool isSame = client.rootBus == provider.rootBus;
	auto byList = judge(machine, provider.rootBus, isSame);
	if (!isSame)
		byList = both(byList, judge(machine, client.rootBus, isSame));
	// A certain yes of the list stands; its no waits for the CPU to be known.
	if (byList.isTrusted == true || byCpu.isTrusted == false)
		return byList;
	return byCpu;
}

}
