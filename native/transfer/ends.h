// SPDX-License-Identifier: MIT
// The ends of a copy and the functions that reach them, found by the names that the user gave.
#pragma once

#include "transfer/plan.h"

namespace transfer
{

// isWritten: a disk in use is none then. Errors of plan().
End findEnd(const pci::Machine &machine, const Place &place, const Order &order, bool isWritten);
// length: bytes that must be there, from the place's offset on.
End findMemory(const pci::Machine &machine, const Place &place, const Permission &permission,
	       uint64_t length);
// The kernel's pool for the ends that are block devices: the one named, or the nearest that all of
// them may reach. Error P2P_NO_P2PMEM.
End findPool(const pci::Machine &machine, const Plan &plan);
// Memory between two namespaces where the user named none: a CMB of either, which only a BAR
// besides the registers can hold. Error P2P_NO_RING.
Place ringOf(const Plan &plan);

// A function that reaches into memory of another, or into the host's where there is none.
Leg legOf(const pci::Machine &machine, const pci::Function &client, const End *memory,
	  bool isFromMedium, const Order &order);
// A namespace that the kernel drives: its requests reach the pool of the provider.
Leg legOfBlock(const pci::Machine &machine, const End &block, const End *pool, bool isFromMedium,
	       const Order &order);

}
