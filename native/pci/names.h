// SPDX-License-Identifier: MIT
// What the kernel calls the functions: nvme0, nvme0n1, card0, eth0.
#pragma once

#include "pci/machine.h"

namespace pci
{

// Fills names and cmbSize of every function from the classes in sysfs.
void readNames(Machine &machine);

}
