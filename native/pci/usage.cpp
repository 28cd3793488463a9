// SPDX-License-Identifier: MIT
#include "pci/usage.h"

#include "pci/mounts.h"
#include "pci/nodes.h"
#include "sys/file.h"

#include <algorithm>
#include <cstdlib>
#include <linux/if.h>

namespace pci
{

using Uses = std::vector<Use>;

static void add(Uses &uses, const Use &use)
{
	if (std::ranges::find(uses, use) == uses.end())
		uses.push_back(use);
}

// dm, md, bcache and the like: each is a use, and is looked at like the disk below it.
static void addHolders(const std::string &root, std::vector<Node> &nodes, Uses &uses)
{
	// nodes grows while it is walked: what holds the holder is found too.
	for (size_t i = 0; i < nodes.size(); i++) {
		const Node below = nodes[i];
		for (const auto &name : sys::list(below.folder + "/holders")) {
			add(uses, {"held", {{"device", below.path()}, {"holder", name}}});
			for (auto &node : nodesOfBlock(root, name))
				if (std::ranges::count(nodes, node.folder, &Node::folder) == 0)
					nodes.push_back(std::move(node));
		}
	}
}

struct Backing {
	std::string holder;
	std::string path;
};

static void readBacking(const std::string &file, const std::string &holder,
			std::vector<Backing> &backings)
{
	if (const auto path = sys::readText(file))
		backings.push_back({holder, *path});
}

// Users inside the kernel that leave no entry in holders/: they only know the path they opened.
static std::vector<Backing> backings(const std::string &root)
{
	const std::string block = root + "/sys/block/";
	const std::string targets = root + "/sys/kernel/config/nvmet/subsystems/";
	std::vector<Backing> found;

	for (const auto &name : sys::list(block)) {
		readBacking(block + name + "/loop/backing_file", name, found);
		readBacking(block + name + "/backing_dev", name, found);
	}
	for (const auto &name : sys::list(targets)) {
		const std::string target = targets + name;
		readBacking(target + "/passthru/device_path", "nvmet " + name, found);
		for (const auto &id : sys::list(target + "/namespaces"))
			readBacking(target + "/namespaces/" + id + "/device_path", "nvmet " + name,
				    found);
	}
	return found;
}

static void addBackings(const std::string &root, const std::vector<Node> &nodes, Uses &uses)
{
	for (const auto &backing : backings(root))
		if (const Node *node = nodeAt(root, nodes, backing.path))
			add(uses, {"held", {{"device", node->path()}, {"holder", backing.holder}}});
}

// btrfs shows an anonymous number and only one of its devices; sysfs names them all.
static const Node *btrfsNode(const std::string &root, const std::vector<Node> &nodes,
			     const std::string &source)
{
	const auto shown = root.empty() ? sys::realPath(source).value_or(source) : source;
	const std::string volumes = root + "/sys/fs/btrfs/";

	for (const auto &volume : sys::list(volumes)) {
		const auto members = sys::list(volumes + volume + "/devices");
		if (std::ranges::count(members, sys::baseName(shown)) == 0)
			continue;
		for (const Node &node : nodes)
			if (node.isBlock() && std::ranges::count(members, node.name) > 0)
				return &node;
	}
	return nullptr;
}

static const Node *mountedNode(const std::string &root, const std::vector<Node> &nodes,
			       const Mount &mount)
{
	const auto same = std::ranges::find(nodes, mount.number, &Node::number);
	if (same != nodes.end())
		return &*same;
	if (const Node *node = nodeAt(root, nodes, mount.source))
		return node;
	return mount.type == "btrfs" ? btrfsNode(root, nodes, mount.source) : nullptr;
}

static void addMounts(const std::string &root, const std::vector<Node> &nodes, Uses &uses)
{
	for (const auto &mount : readMounts(root))
		if (const Node *node = mountedNode(root, nodes, mount))
			add(uses, {"mounted", {{"device", node->path()}, {"where", mount.where}}});
	for (const auto &path : readSwaps(root))
		if (const Node *node = nodeAt(root, nodes, path))
			add(uses, {"swap", {{"device", node->path()}}});
}

static void addBlockUses(const std::string &root, std::vector<Node> &nodes, Uses &uses)
{
	addHolders(root, nodes, uses);
	addBackings(root, nodes, uses);
	addMounts(root, nodes, uses);
}

static bool isVfioPath(const std::string &path)
{
	return path.starts_with("/dev/vfio/");
}

static void addOpeners(const std::string &root, const std::vector<Node> &nodes,
		       const std::string &folder, Uses &uses)
{
	for (const auto &opener : openersOf(root, nodes, folder))
		add(uses,
		    {isVfioPath(opener.path) ? "vfio-open" : "open",
		     {{"device", opener.path}, {"pid", opener.pid}, {"command", opener.command}}});
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

static bool hasRoute(const std::string &root, const std::string &interface)
{
	const auto routes = sys::readText(root + "/proc/net/route").value_or("");
	return ("\n" + routes).find("\n" + interface + "\t") != std::string::npos;
}

static bool isUp(const std::string &root, const std::string &interface)
{
	const std::string folder = root + "/sys/class/net/" + interface;
	const auto flags = sys::readText(folder + "/flags").value_or("0");
	if (!(strtoul(flags.c_str(), nullptr, 0) & IFF_UP))
		return false;
	return sys::readText(folder + "/carrier") == "1" || hasRoute(root, interface);
}

static void addNetworks(const std::string &root, const Function &function, Uses &uses)
{
	for (const auto &name : sys::list(root + "/sys/class/net")) {
		const auto path = sys::realPath(root + "/sys/class/net/" + name).value_or("");
		if (path.starts_with(function.folder + "/") && isUp(root, name))
			add(uses, {"network-up", {{"interface", name}}});
	}
	// An interface that went into another network namespace leaves its folder empty here.
	const std::string folder = function.folder + "/net";
	if (sys::exists(folder) && sys::list(folder).empty())
		add(uses, {"network-elsewhere", {}});
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
		add(uses, {"display", {{"reason", "console"}}});
	else if (hasFramebuffer(root, function) && hasConsole(root, {"frame buffer"}))
		add(uses, {"display", {{"reason", "framebuffer"}}});
}

static void addVirtualFunctions(const Function &function, Uses &uses)
{
	const auto count = sys::readText(function.folder + "/sriov_numvfs").value_or("0");
	if (count != "0")
		add(uses, {"vfs-enabled", {{"count", count}}});
}

static bool isBridge(const Function &function)
{
	return function.role != Role::endpoint && function.role != Role::rcIntegrated;
}

Uses usesOf(const std::string &root, const Function &function)
{
	// What uses the functions below is theirs; a bridge has enough of a use in them.
	if (isBridge(function))
		return {{"bridge", {{"bdf", function.bdf.name()}}}};

	auto nodes = nodesOf(root, function);
	Uses uses;

	addBlockUses(root, nodes, uses);
	addGroupNode(root, function, nodes);
	addOpeners(root, nodes, function.folder, uses);
	addNetworks(root, function, uses);
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
