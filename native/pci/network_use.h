// SPDX-License-Identifier: MIT
// Who uses a network interface: addresses and routes on it, a bond or bridge that it is part of.
#pragma once

#include "pci/machine.h"
#include "pci/use.h"

#include <string>

namespace pci
{

void addNetworkUses(const std::string &root, const Function &function, Uses &uses);

}
