// SPDX-License-Identifier: MIT
#include "pci/usage.h"

#include "pci/block_use.h"
#include "pci/function.h"
#include "pci/network_use.h"
#include "pci/nodes.h"
#include "sys/file.h"

#include <algorithm>

namespace pci
{

void addUse(Uses &uses, const Use &use)
{
	if (std::ranges::find(uses, use) == uses.end())
		uses.push_back(use);
}

static bool isVfioPath(const std::string &path)
{
	return path.starts_with("/dev/vfio/");
}

static void addOpeners(const std::string &root, const std::vector<Node> &nodes,
		       const std::string &folder, Uses &uses)
{
	for (const auto &opener : openersOf(root, nodes, folder))
		addUse(uses, {isVfioPath(opener.path) ? "vfio-open" : "open",
			      {{"device", opener.path},
			       {"pid", opener.pid},
			       {"command", opener.command}}});
}

// The group's node gives access to all its functions; it is this one's as long as a vfio driver
// has it.
static void addGroupNode(const std::string &root, const Function &function,
			 std::vector<Node> &nodes)
{
	if (!function.iommuGroup || !isVfioDriver(function.driver))
		return;
	const std::string group = std::to_string(*function.iommuGroup);
	for (const auto &name : {group, "noiommu-" + group}) {
		const std::string folder = root + "/sys/class/vfio/" + name;
		if (const auto number = sys::readText(folder + "/dev"))
			nodes.push_back({.name = name,
					 .folder = folder,
					 .number = "c" + *number,
					 .paths = {"/dev/vfio/" + name}});
	}
}

// A virtual console that is drawn now: by the VGA's own text mode, or into a frame buffer.
static bool hasConsole(const std::string &root, const std::vector<std::string> &kinds)
{
	const std::string folder = root + "/sys/class/vtconsole/";
	for (const auto &name : sys::list(folder)) {
		const auto kind = sys::readText(folder + name + "/name").value_or("");
		const bool isWanted = std::ranges::any_of(kinds, [&](const std::string &wanted) {
			return kind.find(wanted) != std::string::npos;
		});
		if (isWanted && sys::readText(folder + name + "/bind") == "1")
			return true;
	}
	return false;
}

static bool hasFramebuffer(const std::string &root, const Function &function)
{
	const std::string folder = root + "/sys/class/graphics/";
	return std::ranges::any_of(sys::list(folder), [&](const std::string &name) {
		const auto path = sys::realPath(folder + name).value_or("");
		return name.starts_with("fb") && path.starts_with(function.folder + "/");
	});
}

static void addDisplay(const std::string &root, const Function &function, Uses &uses)
{
	constexpr uint32_t classDisplay = 0x03;
	if (function.classCode >> 16 != classDisplay || isVfioDriver(function.driver))
		return;
	const bool isBootVga = sys::readText(function.folder + "/boot_vga") == "1";
	// Without a driver of its own the firmware's frame buffer may lie in this function.
	if (isBootVga && hasConsole(root, {"VGA", "frame buffer"}))
		addUse(uses, {"display", {{"reason", "console"}}});
	else if (hasFramebuffer(root, function) && hasConsole(root, {"frame buffer"}))
		addUse(uses, {"display", {{"reason", "framebuffer"}}});
}

static void addVirtualFunctions(const Function &function, Uses &uses)
{
	const auto count = sys::readText(function.folder + "/sriov_numvfs").value_or("0");
	if (count != "0")
		addUse(uses, {"vfs-enabled", {{"count", count}}});
}

Uses usesOf(const std::string &root, const Function &function)
{
	// What uses the functions below is theirs; a bridge has enough of a use in them.
	if (!isEndpoint(function))
		return {{"bridge", {{"bdf", function.bdf.name()}}}};

	auto nodes = nodesOf(root, function);
	Uses uses;

	addBlockUses(root, nodes, uses);
	addGroupNode(root, function, nodes);
	addOpeners(root, nodes, function.folder, uses);
	addNetworkUses(root, function, uses);
	addDisplay(root, function, uses);
	addVirtualFunctions(function, uses);
	for (Use &use : uses)
		use.facts["bdf"] = function.bdf.name();
	return uses;
}

Uses usesOfBlock(const std::string &root, const std::string &name)
{
	auto nodes = nodesOfBlock(root, name);
	Uses uses;

	addBlockUses(root, nodes, uses);
	if (!nodes.empty())
		addOpeners(root, nodes, nodes.front().folder, uses);
	return uses;
}

bool isVfioDriver(const std::string &driver)
{
	return driver == "vfio-pci" || driver.ends_with("-vfio-pci") ||
	       driver.ends_with("_vfio_pci");
}

bool leavesGroup(const std::string &driver)
{
	return driver.empty() || driver == "pcieport" || driver == "pci-stub" ||
	       isVfioDriver(driver);
}

sys::Error inUse(const Uses &uses)
{
	sys::Error::Facts facts = {{"uses", std::to_string(uses.size())}};
	for (size_t i = 0; i < uses.size(); i++) {
		const std::string prefix = std::to_string(i) + ".";
		facts[prefix + "code"] = uses[i].code;
		for (const auto &[name, fact] : uses[i].facts)
			facts[prefix + name] = fact;
	}
	return sys::Error("P2P_IN_USE", "in use", std::move(facts));
}

sys::Error busy(const std::string &code, const Function &function, sys::Error::Facts facts)
{
	auto uses = usesOf("", function);
	std::erase_if(uses, [](const Use &use) { return use.facts.count("pid") == 0; });
	auto error = inUse(uses);
	error.code = code;
	facts.insert(error.facts.begin(), error.facts.end());
	error.facts = std::move(facts);
	return error;
}

}
