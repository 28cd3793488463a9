// SPDX-License-Identifier: MIT
#include "target/network.h"

#include "sys/addresses.h"
#include "sys/file.h"

#include <algorithm>
#include <array>

namespace target
{

constexpr const char *rdmaFolder = "/sys/class/infiniband";

std::optional<std::string> interfaceOf(const std::string &address)
{
	// The kernel takes fe80::1%eth0.
	if (const size_t percent = address.find('%'); percent != std::string::npos)
		return address.substr(percent + 1);
	for (const auto &name : sys::list("/sys/class/net")) {
		const auto addresses = sys::addressesOf(name);
		if (std::ranges::find(addresses, address) != addresses.end())
			return name;
	}
	return std::nullopt;
}

bool isWildcard(const std::string &address)
{
	return address == "0.0.0.0" || address == "::";
}

// The longest folder of a function that the path lies in.
static const pci::Function *functionAt(const pci::Machine &machine, const std::string &path)
{
	const pci::Function *found = nullptr;
	for (const auto &function : machine.functions)
		if (path.starts_with(function.folder + "/") &&
		    (!found || function.folder.size() > found->folder.size()))
			found = &function;
	return found;
}

// rxe says in 'parent' which interface it stands on, and stands below no bus at all since Linux 7;
// drivers of hardware say which model it is.
static std::optional<bool> isHardware(const std::string &folder, const std::string &path)
{
	if (sys::exists(folder + "/parent") || path.find("/devices/virtual/") != std::string::npos)
		return false;
	const std::array<const char *, 3> models = {"hca_type", "hw_rev", "board_id"};
	if (std::ranges::any_of(models,
				[&](const char *name) { return sys::exists(folder + "/" + name); }))
		return true;
	return std::nullopt;
}

static RdmaDevice readDevice(const pci::Machine &machine, const std::string &name)
{
	const std::string folder = machine.root + rdmaFolder + "/" + name;
	const std::string path = sys::realPath(folder).value_or("");
	return {.name = name,
		.isHardware = isHardware(folder, path),
		.function = functionAt(machine, path)};
}

// RoCE and iWARP name the interface of each address in gid_attrs; InfiniBand's interface stands
// on the same function.
static bool standsOn(const std::string &folder, const std::string &interface)
{
	constexpr int addresses = 16; // the table has up to 1024 places, filled from the front
	for (const auto &port : sys::list(folder + "/ports"))
		for (int i = 0; i < addresses; i++)
			if (sys::readText(folder + "/ports/" + port + "/gid_attrs/ndevs/" +
					  std::to_string(i)) == interface)
				return true;
	const auto device = sys::realPath(folder + "/device");
	return device && device == sys::realPath("/sys/class/net/" + interface + "/device");
}

std::optional<RdmaDevice> rdmaDeviceAt(const pci::Machine &machine, const std::string &address)
{
	const std::string folder = machine.root + rdmaFolder;
	const auto names = sys::list(folder);
	if (!machine.root.empty() || isWildcard(address))
		return names.size() == 1 ? std::optional(readDevice(machine, names.front()))
					 : std::nullopt;

	const auto interface = interfaceOf(address);
	for (const auto &name : names)
		if (interface && standsOn(folder + "/" + name, *interface))
			return readDevice(machine, name);
	return std::nullopt;
}

bool hasRdmaDevice(const pci::Machine &machine)
{
	return !sys::list(machine.root + rdmaFolder).empty();
}

}
