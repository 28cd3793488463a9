// SPDX-License-Identifier: MIT
// How functions and their memory are come by: what must hold before VFIO or sysfs is asked for
// them. Looks and refusals, no changes.
#pragma once

#include "pci/machine.h"
#include "route/verdict.h"
#include "transfer/order.h"

#include <string>
#include <vector>

namespace transfer
{

// The function is on vfio-pci, or Error P2P_NOT_BOUND; P2P_IN_USE where its driver is at work.
void requireVfioDriver(const pci::Machine &machine, const pci::Function &function);
// It is in an IOMMU group, or Error VFIO_NO_IOMMU.
void requireGroup(const pci::Function &function);
// No driver of the kernel's in its group, or Error VFIO_NOT_VIABLE.
void requireViable(const route::VfioView &view);

// How a provider's memory is held: 'vfio', or 'sysfs' where no driver stands in between. Errors
// P2P_PROVIDER_DRIVER; P2P_ASLEEP {bdf, asleep, state} where it or a bridge above it sleeps and
// nobody would wake it, as opening it through VFIO does.
std::string accessTo(const pci::Machine &machine, const pci::Function &provider,
		     const Permission &permission);

// 'type1' or 'iommufd', for functions on vfio-pci and the BAR of a provider (nullptr: host memory
// alone). asked: the user's word, '' for the best that there is. Error VFIO_NO_IOMMUFD.
std::string chooseSpace(const pci::Machine &machine,
			const std::vector<const pci::Function *> &functions,
			const pci::Function *provider, const std::string &asked);

// route::clear(), and where the verdict is unknown what could be read by others: the facts supply,
// refusal and detail.
route::Clearance clearFor(const pci::Machine &machine, route::Verdict verdict,
			  const Permission &permission);
// What a mapping needs: a client that is bound, a BAR that can be held, leave to pass.
route::Clearance clearMapping(const pci::Machine &machine, const pci::Function &client,
			      const pci::Function &provider, const Permission &permission);
// And for an export, whose importers nobody knows: a function on vfio-pci, in a viable group.
void clearExport(const pci::Machine &machine, const pci::Function &provider);

}
