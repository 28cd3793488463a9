// SPDX-License-Identifier: MIT
// Does a function keep its traffic from its neighbours? What pci_acs_enabled() of
// drivers/pci/pci.c answers for SV, RR, CR and UF together, the table of exceptions in
// drivers/pci/quirks.c included (as of Linux 7.3).
#pragma once

#include "pci/machine.h"

#include <optional>

namespace route
{

// nullopt where what was not read would decide.
std::optional<bool> isIsolated(const pci::Machine &machine, const pci::Function &function);

// Intel's Sunrise Point root ports have their ACS control register elsewhere, where the kernel's
// p2pdma does not look for it; what Acs::control holds of them is nothing.
bool hasShiftedAcs(const pci::Function &function);

// True for a device of several functions; a VF never is one.
bool isMultifunction(const pci::Machine &machine, const pci::Function &function);

}
