// SPDX-License-Identifier: MIT
// What a copy is going to do, decided before anything is touched: from sysfs alone. --explain
// shows it; the copy carries it out.
#pragma once

#include "pci/machine.h"
#include "transfer/order.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace transfer
{

// One end of a copy, as it was found. bar: of memory; that of a cmb or pmr is known only once the
// function is open.
struct End {
	Place place;
	std::optional<pci::Function> function{};
	std::optional<pci::Bar> bar{};
	std::string access{}; // of memory: 'vfio' or 'sysfs'

	bool isMemory() const { return place.isMemory(); }
	bool isFile() const { return place.isFile(); }
	bool isVideo() const { return place.isVideo(); }
	bool isScreen() const { return place.isScreen(); }
	// Nothing that a function here is told to read or write.
	bool isOutside() const { return isFile() || isVideo() || isScreen(); }
	bool isBlock() const { return place.kind == PlaceKind::block; }
};

// The same namespace, or the same memory of the same function, whatever the offsets?
bool isSamePlace(const End &from, const End &to);

// How the bytes go.
enum class Way {
	peer,   // straight between functions
	staged, // through host memory, though functions carry them
	cpu,    // the CPU carries them
};

// A function that issues requests.
struct Leg {
	pci::Function client;
	std::string engine;
	bool isFromMedium = true; // it reads its medium and writes to memory
	// The memory that it reaches into, and leave to; nullopt: the host's own.
	std::optional<pci::Function> provider{};
	std::optional<route::Clearance> clearance{};
};

struct Plan {
	Order order;
	End from, to;
	std::optional<End> via{}; // peer memory between two media
	Way way = Way::peer;
	std::vector<Leg> legs{}; // what functions do, the source's first; at most two
	// How functions are opened and memory is mapped for them: 'type1', 'iommufd'; '' where
	// none is.
	std::string space{};
	bool isIdentity = true; // the iova will be the bus address, as far as sysfs tells

	// The memory that requests of functions are pointed at; nullptr: the host's.
	const End *memory() const;
	// How functions come to reach it: 'type1', 'iommufd', 'p2pmem'; '' where they reach the
	// host's.
	std::string mechanism() const;
	// Is it mapped into the functions' address space?
	bool isMapped() const;
	// The functions that are opened through VFIO, the first client first.
	std::vector<const pci::Function *> opened() const;
	// The leave that all legs together have.
	std::vector<route::Clearance> clearances() const;
};

// Looks only. Errors, each with facts for the sentence: P2P_NO_FUNCTION, P2P_KINDS (no way between
// these two), P2P_NO_P2PMEM, P2P_NO_RING (two media and no memory between them), P2P_OVERLAP,
// P2P_WIDTH, P2P_UNUSED (an option that has no part in it), P2P_NO_ENGINE, P2P_IN_USE,
// P2P_NOT_BOUND, P2P_NO_BAR, P2P_BAR_IO, P2P_BAR_DISABLED, P2P_RANGE, P2P_UNALIGNED,
// P2P_PROVIDER_DRIVER, P2P_REGISTER_BAR, P2P_MSIX, VFIO_NO_IOMMU, VFIO_NOT_VIABLE, VFIO_NO_IOMMUFD
// (fact what), and those of route::clear().
Plan plan(const pci::Machine &machine, const Order &order);

}
