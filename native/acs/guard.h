// SPDX-License-Identifier: MIT
// Who would be hurt by a change: functions below the ports that are in use. A client behind VFIO
// emits addresses that its user chose; where a port no longer sends them up to the IOMMU they may
// hit another function's memory. No option goes beyond that.
#pragma once

#include "acs/acs.h"
#include "acs/step.h"
#include "sys/fd.h"

#include <vector>

namespace acs
{

// Error P2P_ACS_VFIO, P2P_ACS_IN_USE.
void requireQuiet(const Order &order, const pci::Machine &machine, const std::vector<Step> &steps);

// Opens the groups of VFIO below ports that get bits cleared, so that nobody else can meanwhile;
// those of the functions left out belong to nobody now. Error P2P_ACS_VFIO.
std::vector<sys::Fd> holdGroups(const Order &order, const pci::Machine &machine,
				const std::vector<Step> &steps,
				const std::vector<const pci::Function *> &leftOut);

}
