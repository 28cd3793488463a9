// SPDX-License-Identifier: MIT
// What surrounds the functions: CPU, kernel, IOMMU, and whether this is a virtual machine.
#pragma once

#include "pci/machine.h"

namespace pci
{

// Fills everything of the machine but root and functions, which must be there already.
void readPlatform(Machine &machine);

}
