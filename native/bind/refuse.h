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

}
