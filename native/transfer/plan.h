// SPDX-License-Identifier: MIT
// What a copy is going to do, decided before anything is touched: from sysfs alone. --explain
// shows it; the copy carries it out.
#pragma once

#include "pci/machine.h"
#include "route/clearance.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace transfer
{

enum class Verify { full, sample, none };

// block: a namespace that the kernel's driver has, /dev/nvmeXnY. p2pmem: the kernel's pool of a
// function's memory; it only lies between two ends.
enum class PlaceKind { nameSpace, bar, cmb, pmr, file, stream, block, p2pmem };

// One end of a copy, as the user named it.
struct Place {
	PlaceKind kind = PlaceKind::bar;
	// A function: bdf, kernel path or kernel name. Or a path; '' of a stream is stdin, stdout.
	std::string name;
	int index = 0; // nsN, barN
	uint64_t offset = 0;

	bool isMemory() const
	{
		return kind == PlaceKind::bar || kind == PlaceKind::cmb || kind == PlaceKind::pmr;
	}
	bool isFile() const { return kind == PlaceKind::file || kind == PlaceKind::stream; }
};

// What the user allows beyond the verdict.
struct Permission {
	route::Allowed verdict;
	bool registerBar = false; // --allow register-bar
	bool driverOwned = false; // --allow driver-owned
};

struct Order {
	Place from, to;
	std::optional<Place> via; // memory between two media: bar, cmb, pmr or p2pmem
	std::string engine;       // function that carries from memory to memory; '': none
	bool isStaged = false;    // through host memory, at the user's word
	// Bytes of each load and store that the CPU makes in a BAR, which may be registers then:
	// 1, 2, 4 or 8; 0: as is best for memory.
	size_t width = 0;
	std::optional<uint64_t> length{}; // bytes; all of FROM where left out
	Verify verify = Verify::sample;
	// Seed of data of our own: FROM is overwritten with it first, and TO compared with it.
	std::optional<uint32_t> pattern{};
	Permission permission{};
	std::string mechanism{}; // of VFIO: 'type1' or 'iommufd'; '': iommufd where it will do
	bool overwriteSignature = false;
	unsigned queues = 2;
	unsigned depth = 64;
	uint64_t timeoutNs = 30'000'000'000;
};

// One end of a copy, as it was found. bar: of memory; that of a cmb or pmr is known only once the
// function is open.
struct End {
	Place place;
	std::optional<pci::Function> function{};
	std::optional<pci::Bar> bar{};
	std::string access{}; // of memory: 'vfio' or 'sysfs'

	bool isMemory() const { return place.isMemory(); }
	bool isFile() const { return place.isFile(); }
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

// 'type1' or 'iommufd', for functions on vfio-pci and the BAR of a provider (nullptr: host memory
// alone). asked: the user's word, '' for the best that there is. Error VFIO_NO_IOMMUFD.
std::string chooseSpace(const pci::Machine &machine,
			const std::vector<const pci::Function *> &functions,
			const pci::Function *provider, const std::string &asked);

// The same for a mapping: a client that is bound, a BAR that can be held, leave to pass.
route::Clearance clearMapping(const pci::Machine &machine, const pci::Function &client,
			      const pci::Function &provider, const Permission &permission);
// And for an export, whose importers nobody knows: a function on vfio-pci, in a viable group.
void clearExport(const pci::Machine &machine, const pci::Function &provider);

}
