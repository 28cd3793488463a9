// SPDX-License-Identifier: MIT
// Memory that an NVMe controller offers: its controller memory buffer and its persistent memory
// region (Base Specification 2.0, 3.1.3 and 8.5).
#pragma once

#include "vfio/function.h"

#include <cstdint>
#include <optional>

namespace device::nvme
{

// A stretch of a BAR.
struct MemoryPart {
	int bar = 0;
	uint64_t offset = 0;
	uint64_t size = 0;        // bytes
	bool isForReads = false;  // RDS: the controller itself may put read data there
	bool isForWrites = false; // WDS: and take write data from there

	// Neither for queues only, nor for one direction: as the kernel wants it of a CMB before
	// it lends it out (drivers/nvme/host/pci.c, nvme_map_cmb).
	bool isForData() const { return isForReads && isForWrites; }
};

// The CMB that the registers CMBLOC and CMBSZ tell of (3.1.3.11 and 3.1.3.12); nullopt where there
// is none, or not in a BAR.
std::optional<MemoryPart> cmbIn(uint32_t location, uint32_t size);
// Where the register PMRCAP (3.1.3.21) says that the PMR is, which is a whole BAR; size is not
// known yet. nullopt where that is none.
std::optional<MemoryPart> pmrIn(uint32_t capabilities);
// What of it lies in a BAR of that size, in bytes: controllers may claim more, and the kernel's
// driver cuts it too (nvme_map_cmb). nullopt where nothing does.
std::optional<MemoryPart> cutTo(uint64_t barSize, MemoryPart part);

// nullopt where the controller has none. The CMB's registers are switched on for that.
std::optional<MemoryPart> findCmb(const vfio::Function &function);
// The same for the PMR, which is enabled, if need be, and waited for. Error P2P_TIMEOUT.
std::optional<MemoryPart> findPmr(const vfio::Function &function);

// Returns once what was stored in the PMR, which is enabled, stays there whatever comes: by a read
// of PMRSTS (3.1.3.21, PMRWBM; a read of the region before it does for the other sort). False where
// that says that it does not: an error, not ready, or not healthy.
bool persistPmr(const vfio::Function &function);

// Tells the controller by which address its own requests mean its CMB, until its next disable().
void placeOwnCmb(const vfio::Function &function, pci::Iova start);
// And that none does: somebody before us may have left an address at which host memory lies now,
// and a reset of the controller keeps it (3.1.3.20).
void forgetOwnCmb(const vfio::Function &function);

}
