// SPDX-License-Identifier: MIT
// What is mounted and what is swap, in every mount namespace that this process may look into.
#pragma once

#include <string>
#include <vector>

namespace pci
{

struct Mount {
	std::string number; // 'b259:1'; anonymous ('b0:52') for btrfs and others
	std::string where;
	std::string type;
	std::string source; // as it was given to mount(2), mostly /dev/…
};

std::vector<Mount> readMounts(const std::string &root);
// Paths of swap devices and files.
std::vector<std::string> readSwaps(const std::string &root);

}
