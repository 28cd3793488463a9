// SPDX-License-Identifier: MIT
// What a change of ACS does not change: verdicts that the kernel's p2pdma keeps for a provider as
// long as its driver stays, and IOMMU groups.
#pragma once

#include "acs/acs.h"
#include "acs/step.h"

#include <vector>

namespace acs
{

// Providers of which the kernel may keep another verdict than it would give afterwards.
std::vector<Driven> staleProviders(const pci::Machine &before, const pci::Machine &after);

// Groups that are what the ports gave before and would be others afterwards.
std::vector<route::Difference> staleGroups(const pci::Machine &before, const pci::Machine &after);

// The machine with the steps taken.
pci::Machine machineAfter(const pci::Machine &machine, const std::vector<Step> &steps);

}
