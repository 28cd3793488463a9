// SPDX-License-Identifier: MIT
// The story of p2p-disk: memory of a function as a block device, whose bytes the CPU moves.
#pragma once

#include "pci/use.h"
#include "sys/stop.h"
#include "transfer/order.h"

#include <functional>

namespace transfer
{

struct DiskOrder {
	Place memory;
	std::optional<uint64_t> length; // bytes; to the end of the memory where left out
	bool isReadOnly = false;
	std::string driver; // 'ublk' or 'nbd'; '': nbd only where there is no ublk
	Permission permission;
};

// The disk as it is there: told once it is, and again, with uses, whenever the end waits for
// others than before to let go of it.
struct Disk {
	std::string path;     // /dev/…
	std::string driver;   // 'ublk' or 'nbd'
	std::string function; // bdf
	int bar = 0;
	uint64_t start = 0;  // bytes, in the BAR
	uint64_t length = 0; // bytes, whole blocks
	std::string access;  // 'vfio' or 'sysfs'
	pci::Uses uses{};
};

// Serves the disk until stop, and then until nobody has it any more; in a hurry at once. Errors of
// findMemory(), of vfio, of sys::serveByUblk() and sys::serveByNbd(); P2P_REGISTER_BAR, P2P_MSIX,
// P2P_RANGE, P2P_UNALIGNED; P2P_GONE (the function), P2P_DISK_ENDED {path} (the kernel has removed
// the disk), P2P_DISK_CUT {path} (it ended though somebody had it).
void serve(const pci::Machine &machine, const DiskOrder &order, const sys::Stop &stop,
	   const std::function<void(Disk)> &tell);

}
