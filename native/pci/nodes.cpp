// SPDX-License-Identifier: MIT
#include "pci/nodes.h"

#include "sys/device_node.h"
#include "sys/file.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace pci
{

// DEVNAME=dri/card0: the path below /dev, where it is not the name in sysfs.
static std::string devicePath(const std::string &folder)
{
	std::istringstream lines(sys::readText(folder + "/uevent").value_or(""));
	for (std::string line; std::getline(lines, line);)
		if (line.starts_with("DEVNAME="))
			return "/dev/" + line.substr(8);
	return "/dev/" + sys::baseName(folder);
}

static Node readNode(const std::string &folder, const std::string &number)
{
	const auto subsystem = sys::readLink(folder + "/subsystem").value_or("");
	const bool isBlock = subsystem.ends_with("/block");
	Node node{.name = sys::baseName(folder),
		  .folder = folder,
		  .number = (isBlock ? "b" : "c") + number,
		  .paths = {devicePath(folder)}};

	if (const auto mapped = sys::readText(folder + "/dm/name"))
		node.paths.push_back("/dev/mapper/" + *mapped);
	return node;
}

static void collect(const std::string &folder, std::vector<Node> &nodes)
{
	if (const auto number = sys::readText(folder + "/dev"))
		nodes.push_back(readNode(folder, *number));
	for (const auto &name : sys::list(folder))
		if (const auto path = folder + "/" + name; !sys::readLink(path))
			collect(path, nodes);
}

static bool leadsInto(const std::string &link, const std::string &folder)
{
	return sys::realPath(link).value_or("").starts_with(folder + "/");
}

// nvme-subsys0 has a link to each of its controllers, and its disks as folders.
static void collectSubsystems(const std::string &root, const std::string &folder,
			      std::vector<Node> &nodes)
{
	const std::string subsystems = root + "/sys/class/nvme-subsystem";
	for (const auto &name : sys::list(subsystems)) {
		const std::string subsystem = subsystems + "/" + name;
		const auto entries = sys::list(subsystem);
		const bool isOurs = std::ranges::any_of(entries, [&](const std::string &entry) {
			return leadsInto(subsystem + "/" + entry, folder);
		});
		if (const auto path = sys::realPath(subsystem); path && isOurs)
			collect(*path, nodes);
	}
}

std::vector<Node> nodesOf(const std::string &root, const Function &function)
{
	std::vector<Node> nodes;
	collect(function.folder, nodes);
	collectSubsystems(root, function.folder, nodes);
	return nodes;
}

std::vector<Node> nodesOfBlock(const std::string &root, const std::string &name)
{
	std::vector<Node> nodes;
	if (const auto folder = sys::realPath(root + "/sys/class/block/" + name))
		collect(*folder, nodes);
	return nodes;
}

const Node *nodeAt(const std::string &root, const std::vector<Node> &nodes, const std::string &path)
{
	if (!path.starts_with('/'))
		return nullptr;
	const auto number = root.empty() ? sys::deviceNode(path) : std::nullopt;
	for (const Node &node : nodes)
		if (number ? node.number == *number : std::ranges::count(node.paths, path) > 0)
			return &node;
	return nullptr;
}

// resource0, resource2_wc and p2pmem/allocate can be mapped.
static bool givesMemory(const std::string &path, const std::string &folder)
{
	return path.starts_with(folder + "/resource") || path == folder + "/p2pmem/allocate";
}

static bool isProcess(const std::string &name)
{
	return std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

// What the process calls itself; of a program that node runs, that program's name.
static std::string commandOf(const std::string &process)
{
	const auto name = sys::readText(process + "/comm").value_or("");
	if (name != "node")
		return name;
	const auto line = sys::readBytes(process + "/cmdline", 4096).value_or("");
	const size_t start = line.find('\0'), end = line.find('\0', start + 1);
	const bool isProgram = end != std::string::npos && line[start + 1] != '-';
	return isProgram ? sys::baseName(line.substr(start + 1, end - start - 1)) : name;
}

static void lookAtProcess(const std::string &root, const std::string &pid,
			  const std::vector<Node> &nodes, const std::string &folder,
			  std::vector<Opener> &openers)
{
	const std::string process = root + "/proc/" + pid;
	std::set<std::string> seen;

	for (const auto &number : sys::list(process + "/fd")) {
		const std::string fd = process + "/fd/" + number;
		const auto target = sys::readLink(fd);
		// Sockets, pipes and the like are no paths and need no second look.
		if (!target || !target->starts_with('/'))
			continue;
		// The link itself leads to the open file, whatever its path means here.
		const Node *node = nodeAt(root, nodes, root.empty() ? fd : *target);
		if (!node && !givesMemory(*target, folder))
			continue;
		const std::string path = node ? node->path() : *target;
		if (seen.insert(path).second)
			openers.push_back({.pid = pid,
					   .command = commandOf(process),
					   .path = path,
					   .node = node});
	}
}

std::vector<Opener> openersOf(const std::string &root, const std::vector<Node> &nodes,
			      const std::string &folder)
{
	const auto self = sys::readLink(root + "/proc/self").value_or("");
	const auto prefix = sys::realPath(root).value_or("").size();
	const auto inSysfs = root.empty() ? folder : folder.substr(std::min(prefix, folder.size()));
	std::vector<Opener> openers;

	for (const auto &name : sys::list(root + "/proc"))
		if (isProcess(name) && name != self)
			lookAtProcess(root, name, nodes, inSysfs, openers);
	return openers;
}

}
