// SPDX-License-Identifier: MIT
#include "pci/names.h"

#include "sys/file.h"

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <sstream>

namespace pci
{

static Function *functionOf(Machine &machine, const std::string &devicePath)
{
	std::istringstream components(devicePath);
	std::optional<Bdf> last;
	for (std::string part; std::getline(components, part, '/');)
		if (const auto bdf = Bdf::parse(part))
			last = bdf;
	if (!last)
		return nullptr;
	const auto found = std::ranges::lower_bound(machine.functions, *last, {}, &Function::bdf);
	return found != machine.functions.end() && found->bdf == *last ? &*found : nullptr;
}

// With multipath the path nvme0c1n1 is hidden; its users see the head nvme0n1.
static std::string visibleName(const std::string &name)
{
	static const std::regex hidden("^(nvme[0-9]+)c[0-9]+(n[0-9]+)$");
	return std::regex_replace(name, hidden, "$1$2");
}

static void addName(Function &function, const std::string &name)
{
	if (std::ranges::find(function.names, name) == function.names.end())
		function.names.push_back(name);
}

// CMBSZ of the NVMe specification: size in units of 4 KiB times a power of 16.
static std::optional<uint64_t> cmbBytes(const std::string &controller)
{
	const auto text = sys::readText(controller + "/cmbsz");
	if (!text)
		return std::nullopt;
	const uint64_t cmbsz = strtoull(text->c_str(), nullptr, 0);
	const uint64_t units = cmbsz >> 12 & 0xfffff;
	const uint64_t exponent = std::min<uint64_t>(cmbsz >> 8 & 0xf, 6);
	return units << (12 + 4 * exponent);
}

// A display's connectors, card0-DP-1, are children of its class too.
static bool isConnector(const std::string &folder, const std::string &name)
{
	return folder.ends_with("/drm") && name.find('-') != std::string::npos;
}

static void readClass(Machine &machine, const std::string &folder)
{
	for (const auto &name : sys::list(folder)) {
		const std::string path = folder + "/" + name;
		Function *function = functionOf(machine, sys::readLink(path).value_or(""));
		if (!function || isConnector(folder, name))
			continue;
		addName(*function, visibleName(name));
		if (folder.ends_with("/nvme"))
			function->cmbSize = cmbBytes(path);
	}
}

void readNames(Machine &machine)
{
	const std::string sysfs = machine.root + "/sys";
	// /sys/block rather than class/block: whole disks, no partitions.
	for (const char *folder : {"/class/nvme", "/block", "/class/drm", "/class/accel",
				   "/class/net", "/class/infiniband", "/class/video4linux"})
		readClass(machine, sysfs + folder);
}

}
