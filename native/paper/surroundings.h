// SPDX-License-Identifier: MIT
// What a bug report says of the computer around lspci: kernel, processor, IOMMU, command line.
#pragma once

#include "pci/machine.h"

#include <map>
#include <string_view>

namespace paper
{

struct Surroundings {
	std::map<pci::Bdf, int> groups; // of the IOMMU, as the kernel formed them
	bool hasIommu = false;
};

// Takes one line; false where it says nothing of that. The first word on each counts.
bool readSurroundings(std::string_view line, pci::Machine &machine, Surroundings &around);

// Without /proc/cpuinfo the host bridges tell whose the processor is; machine.assumed says so.
void assumeProcessor(pci::Machine &machine);

}
