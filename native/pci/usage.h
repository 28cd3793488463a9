// SPDX-License-Identifier: MIT
// What would break if a function changed hands now: mounts, swap, holders, open files, networks,
// displays, VFs. Only looks.
#pragma once

#include "pci/machine.h"
#include "pci/use.h"
#include "sys/error.h"

#include <string>
#include <vector>

namespace pci
{

// Everything that uses the function. Processes of other users are seen by the superuser only.
std::vector<Use> usesOf(const std::string &root, const Function &function);
// The same for one block device of the kernel and its partitions, by name: nvme0n1.
std::vector<Use> usesOfBlock(const std::string &root, const std::string &name);

// Does this driver give the function to user space through VFIO?
bool isVfioDriver(const std::string &driver);

// Does it leave its IOMMU group to VFIO? Those that start no DMA of their own, and none ('')
// (driver_managed_dma of struct pci_driver; pci-pf-stub has it not).
bool leavesGroup(const std::string &driver);

// Error P2P_IN_USE. Facts: uses, their number; then, counted from 0, '0.code' and each fact of the
// use as '0.bdf', '0.device', …
sys::Error inUse(const std::vector<Use> &uses);
// The function is somebody else's at the moment: an error with that code whose uses, as those of
// inUse(), are the processes that have it open, of the running machine and as far as they are seen.
sys::Error busy(const std::string &code, const Function &function, sys::Error::Facts facts);

}
