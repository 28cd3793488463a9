// SPDX-License-Identifier: MIT
#include "pci/network_use.h"

#include "sys/addresses.h"
#include "sys/file.h"

#include <algorithm>
#include <cstdlib>
#include <linux/if.h>
#include <sstream>

namespace pci
{

// Rows of a table, in words; the first row may be a heading.
static std::vector<std::vector<std::string>> rowsOf(const std::string &path)
{
	std::istringstream lines(sys::readText(path).value_or(""));
	std::vector<std::vector<std::string>> rows;
	for (std::string line; std::getline(lines, line);) {
		std::istringstream words(line);
		auto &row = rows.emplace_back();
		for (std::string word; words >> word;)
			row.push_back(word);
	}
	return rows;
}

// /proc/net/route: Iface Destination Gateway Flags …
static bool hasRoute(const std::string &root, const std::string &interface)
{
	return std::ranges::any_of(rowsOf(root + "/proc/net/route"), [&](const auto &row) {
		return !row.empty() && row[0] == interface;
	});
}

// There Mask is the eighth; /proc/net/ipv6_route has destination and its length first, the
// interface last.
static bool hasDefaultRoute(const std::string &root, const std::string &interface)
{
	const auto isDefault4 = [&](const auto &row) {
		return row.size() > 7 && row[0] == interface && row[1] == "00000000" &&
		       row[7] == "00000000";
	};
	const auto isDefault6 = [&](const auto &row) {
		return row.size() > 9 && row.back() == interface &&
		       row[0] == std::string(32, '0') && row[1] == "00";
	};
	return std::ranges::any_of(rowsOf(root + "/proc/net/route"), isDefault4) ||
	       std::ranges::any_of(rowsOf(root + "/proc/net/ipv6_route"), isDefault6);
}

static bool isUp(const std::string &root, const std::string &interface)
{
	const std::string folder = root + "/sys/class/net/" + interface;
	const auto flags = sys::readText(folder + "/flags").value_or("0");
	if (!(strtoul(flags.c_str(), nullptr, 0) & IFF_UP))
		return false;
	return sys::readText(folder + "/carrier") == "1" || hasRoute(root, interface);
}

static Use up(const std::string &root, const std::string &interface)
{
	Use use{"network-up", {{"interface", interface}}};
	std::string addresses;
	// Another machine's addresses are not in its sysfs.
	if (root.empty())
		for (const auto &address : sys::addressesOf(interface))
			addresses += (addresses.empty() ? "" : " ") + address;
	if (!addresses.empty())
		use.facts["addresses"] = addresses;
	if (hasDefaultRoute(root, interface))
		use.facts["default"] = "yes";
	return use;
}

static std::string kindOf(const std::string &root, const std::string &holder)
{
	const std::string folder = root + "/sys/class/net/" + holder;
	if (sys::exists(folder + "/bonding"))
		return "bond";
	if (sys::exists(folder + "/bridge"))
		return "bridge";
	const auto uevent = sys::readText(folder + "/uevent").value_or("");
	return uevent.starts_with("DEVTYPE=") ? uevent.substr(8, uevent.find('\n') - 8) : "";
}

// upper_bond0, upper_eth0.5: whatever is stacked on it, up or down.
static void addHolders(const std::string &root, const std::string &interface, Uses &uses)
{
	constexpr std::string_view prefix = "upper_";
	for (const auto &name : sys::list(root + "/sys/class/net/" + interface)) {
		if (!name.starts_with(prefix))
			continue;
		const std::string holder = name.substr(prefix.size());
		Use use{"network-held", {{"interface", interface}, {"holder", holder}}};
		if (const auto kind = kindOf(root, holder); !kind.empty())
			use.facts["kind"] = kind;
		addUse(uses, use);
	}
}

void addNetworkUses(const std::string &root, const Function &function, Uses &uses)
{
	for (const auto &name : sys::list(root + "/sys/class/net")) {
		const auto path = sys::realPath(root + "/sys/class/net/" + name).value_or("");
		if (!path.starts_with(function.folder + "/"))
			continue;
		addHolders(root, name, uses);
		if (isUp(root, name))
			addUse(uses, up(root, name));
	}
	// An interface that went into another network namespace leaves its folder empty here.
	const std::string folder = function.folder + "/net";
	if (sys::exists(folder) && sys::list(folder).empty())
		addUse(uses, {"network-elsewhere", {}});
}

}
