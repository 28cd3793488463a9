// SPDX-License-Identifier: MIT
// The device nodes that the kernel made for a function (disks, partitions, controllers, screens),
// and the processes that have them open. Only looks.
#pragma once

#include "pci/machine.h"

#include <string>
#include <vector>

namespace pci
{

struct Node {
	std::string name;               // in sysfs: nvme0n1p1
	std::string folder;             // in sysfs, with the root folder in front
	std::string number;             // 'b259:0', 'c10:196'
	std::vector<std::string> paths; // /dev/nvme0n1p1; /dev/dm-0 and /dev/mapper/vg-root

	bool isBlock() const { return number.starts_with('b'); }
	const std::string &path() const { return paths.front(); }
};

// All nodes below the function's folder in sysfs. With NVMe multipath the disks that people use
// stand elsewhere, below their subsystem: those too.
std::vector<Node> nodesOf(const std::string &root, const Function &function);
// The same for a block device of the kernel by its name: itself and its partitions.
std::vector<Node> nodesOfBlock(const std::string &root, const std::string &name);

// The node that a path in /dev leads to, or nullptr. On the running machine the device number
// decides, below a root folder the path does.
const Node *nodeAt(const std::string &root, const std::vector<Node> &nodes,
		   const std::string &path);

struct Opener {
	std::string pid;
	std::string command;
	std::string path; // what is open
	const Node *node; // nullptr for a file of the function in sysfs
};

// Processes that hold one of the nodes or a file below `folder` in sysfs that gives the function's
// memory away; this process left out. Without privilege only one's own processes are seen.
std::vector<Opener> openersOf(const std::string &root, const std::vector<Node> &nodes,
			      const std::string &folder);

}
