// SPDX-License-Identifier: MIT
// Requests that the IOMMU refused, out of the kernel's log: lines of Intel's (DMAR), AMD's
// (AMD-Vi), Arm's (arm-smmu-v3) and virtio's drivers, of old kernels and new.
#pragma once

#include "pci/bdf.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace transfer
{

struct Fault {
	pci::Bdf function; // the requester, as the IOMMU saw it
	bool hasDomain = true;
	std::optional<bool> isWrite{}; // of memory, by the function
	std::optional<uint64_t> address{};
	std::string iommu; // 'DMAR', 'AMD-Vi', 'arm-smmu-v3', 'virtio-iommu'
};

// The faults that the lines tell of, in their order. Other lines are passed over.
std::vector<Fault> faultsIn(const std::vector<std::string> &lines);

}
