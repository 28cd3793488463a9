// SPDX-License-Identifier: MIT
// The RDMA device behind an address, and whether it moves bytes by DMA of its own. Only looks.
#pragma once

#include "pci/machine.h"

#include <optional>
#include <string>

namespace target
{

struct RdmaDevice {
	std::string name; // mlx5_0, rxe0
	// Has it DMA of its own (ib_dma_pci_p2p_dma_supported of include/rdma/ib_verbs.h)? Software
	// over any network interface (rxe, siw) has not; nullopt where sysfs does not tell.
	std::optional<bool> isHardware;
	const pci::Function *function = nullptr; // of the machine; nullptr where it has none
};

// The interface of this machine that has the address; nullopt where none has.
std::optional<std::string> interfaceOf(const std::string &address);
// Does the address stand for all of the machine's?
bool isWildcard(const std::string &address);

// The RDMA device that listens there. Of another machine, and of a wildcard, it is known only
// where there is one at all; nullopt where it is not known, or there is none.
std::optional<RdmaDevice> rdmaDeviceAt(const pci::Machine &machine, const std::string &address);
bool hasRdmaDevice(const pci::Machine &machine);

}
