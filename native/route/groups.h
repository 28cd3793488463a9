// SPDX-License-Identifier: MIT
// IOMMU groups as pci_device_group() of drivers/iommu/iommu.c forms them from the tree and from
// ACS, in the order in which the kernel meets the functions. Left out: aliases that single devices
// have by a quirk, and the order of plugging in.
#pragma once

#include "pci/machine.h"

#include <optional>
#include <vector>

namespace route
{

using Members = std::vector<pci::Bdf>;

// One entry a function of the machine: a group's number, counted from 0, or nullopt where the
// kernel puts it into none or what was not read would decide. Empty without IOMMU.
std::vector<std::optional<size_t>> predictGroups(const pci::Machine &machine);

// A group of the kernel that the prediction has otherwise.
struct Difference {
	int group = 0;
	Members kernel;
	std::vector<Members> predicted; // the groups that these members would be in
};

std::vector<Difference> groupDifferences(const pci::Machine &machine);

// The groups of the machine after a change that hold what several held before; nullopt where that
// cannot be told.
std::optional<std::vector<Members>> mergedGroups(const pci::Machine &before,
						 const pci::Machine &after);

}
