// SPDX-License-Identifier: MIT
// Who may not be taken from its driver, asked once more where looking at sysfs and procfs could
// have missed something: the kernel itself.
#pragma once

#include "pci/machine.h"
#include "sys/fd.h"

#include <vector>

namespace bind
{

// Opens the function's disks exclusively, so that nobody can mount one from now on; Error
// P2P_IN_USE ('claimed', 'vfio-open') where the kernel says that somebody else has it.
std::vector<sys::Fd> claim(const pci::Function &function);

// The disks alone.
std::vector<sys::Fd> claimDisks(const pci::Function &function);

// The function's group of VFIO, where a vfio driver has it: nobody else can open it from now on.
// Opening it touches no function.
sys::Fd claimGroup(const pci::Function &function);

}
