// SPDX-License-Identifier: MIT
// The story of p2p-map --dma-buf and --userptr: memory of a BAR, of a display driver's or of the
// host as a dma-buf, for drivers that import one.
#pragma once

#include "transfer/plan.h"

#include <functional>
#include <stop_token>

namespace transfer
{

struct ShareOrder {
	std::string provider; // '': host memory, or a card's
	std::string card;     // a node of DRM: /dev/dri/card0; '' for none
	int bar = 0;
	uint64_t offset = 0;            // bytes, a multiple of the page size
	std::optional<uint64_t> length; // to the end of the BAR where left out; else: any
};

// What is shared. The descriptors stay open until it ends.
struct Shared {
	int fd = -1; // the dma-buf
	uint64_t size = 0;
	std::string exporter; // 'vfio_pci_core', 'udmabuf', 'vgem'
	uint64_t length = 0;
	std::optional<pci::BusAddress> busAddress{};
	std::string driver{};           // the card's: 'vgem', 'amdgpu'
	std::optional<pci::Bdf> card{}; // its function, where it has one
	int memoryFd = -1;              // the memfd behind host memory; -1: none
};

// Exports a BAR of a function on vfio-pci, or new memory of a card's driver or of the host, tells,
// and holds it until stop. A BAR's goes stale for its importers then. Errors as map();
// P2P_NO_DMABUF; those of sys::DrmBuffer.
void share(const pci::Machine &machine, const ShareOrder &order, std::stop_token stop,
	   const std::function<void(Shared)> &tell);

}
