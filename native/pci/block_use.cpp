// SPDX-License-Identifier: MIT
#include "pci/block_use.h"

#include "pci/holder.h"
#include "pci/mounts.h"
#include "sys/file.h"

#include <algorithm>

namespace pci
{

static Use held(const Node &below, const Holder &holder)
{
	Use use{"held", {{"device", below.path()}, {"holder", holder.device}}};
	if (!holder.kind.empty())
		use.facts["kind"] = holder.kind;
	if (!holder.name.empty())
		use.facts["name"] = holder.name;
	return use;
}

// dm, md, bcache and the like: each is a use, and is looked at like the disk below it.
static void addHolders(const std::string &root, std::vector<Node> &nodes, Uses &uses)
{
	// nodes grows while it is walked: what holds the holder is found too.
	for (size_t i = 0; i < nodes.size(); i++) {
		const Node below = nodes[i];
		for (const auto &name : sys::list(below.folder + "/holders")) {
			addUse(uses, held(below, holderOf(root, name)));
			for (auto &node : nodesOfBlock(root, name))
				if (std::ranges::count(nodes, node.folder, &Node::folder) == 0)
					nodes.push_back(std::move(node));
		}
	}
}

struct Backing {
	Holder holder;
	std::string path;
};

static void readBacking(const std::string &file, const Holder &holder,
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
		const Holder holder = holderOf(root, name);
		readBacking(block + name + "/loop/backing_file", holder, found);
		readBacking(block + name + "/backing_dev", holder, found);
	}
	for (const auto &name : sys::list(targets)) {
		const std::string target = targets + name;
		const Holder holder{.device = "nvmet " + name, .kind = "nvmet", .name = name};
		readBacking(target + "/passthru/device_path", holder, found);
		for (const auto &id : sys::list(target + "/namespaces"))
			readBacking(target + "/namespaces/" + id + "/device_path", holder, found);
	}
	return found;
}

static void addBackings(const std::string &root, const std::vector<Node> &nodes, Uses &uses)
{
	for (const auto &backing : backings(root))
		if (const Node *node = nodeAt(root, nodes, backing.path))
			addUse(uses, held(*node, backing.holder));
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
			addUse(uses,
			       {"mounted", {{"device", node->path()}, {"where", mount.where}}});
	for (const auto &path : readSwaps(root))
		if (const Node *node = nodeAt(root, nodes, path))
			addUse(uses, {"swap", {{"device", node->path()}}});
}

void addBlockUses(const std::string &root, std::vector<Node> &nodes, Uses &uses)
{
	addHolders(root, nodes, uses);
	addBackings(root, nodes, uses);
	addMounts(root, nodes, uses);
}

}
