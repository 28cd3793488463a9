// SPDX-License-Identifier: MIT
// Who uses disks and partitions: what is stacked on them, mounts, swap, exports.
#pragma once

#include "pci/nodes.h"
#include "pci/use.h"

#include <string>
#include <vector>

namespace pci
{

// nodes grows by the devices that stand on them, and so on up.
void addBlockUses(const std::string &root, std::vector<Node> &nodes, Uses &uses);

}
