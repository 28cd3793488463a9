// SPDX-License-Identifier: MIT
// What a copy is going to do, decided before anything is touched: from sysfs alone. --explain
// shows it; the copy carries it out.
#pragma once

#include "pci/machine.h"
#include "route/clearance.h"

#include <cstdint>
#include <optional>
#include <string>

namespace transfer
{

enum class Verify { full, sample, none };

// One end of a copy, as the user named it.
struct Place {
	std::string name; // function: bdf, kernel path or kernel name
	bool isNamespace = false;
	int index = 0; // nsN, barN
	uint64_t offset = 0;
};

// What the user allows beyond the verdict.
struct Permission {
	route::Allowed verdict;
	bool registerBar = false; // --allow register-bar
	bool driverOwned = false; // --allow driver-owned
};

struct Order {
	Place from, to;
	std::optional<uint64_t> length; // bytes; all of FROM where left out
	Verify verify = Verify::sample;
	Permission permission;
	bool overwriteSignature = false;
	unsigned queues = 2;
	unsigned depth = 64;
	uint64_t timeoutNs = 30'000'000'000;
};

struct Plan {
	Order order;
	pci::Function client;
	pci::Function provider;
	pci::Bar bar;
	bool isFromMedium = false; // the namespace is FROM
	Place medium, memory;
	route::Clearance clearance;
	std::string engine;
	std::string access;     // how the provider's BAR is held: 'vfio' or 'sysfs'
	bool isIdentity = true; // the iova will be the bus address, as far as sysfs tells
};

// Looks only. Errors, each with facts for the sentence: P2P_NO_FUNCTION, P2P_KINDS (not one
// namespace and one BAR), P2P_NO_ENGINE, P2P_IN_USE, P2P_NOT_BOUND, P2P_NO_BAR, P2P_BAR_IO,
// P2P_BAR_DISABLED, P2P_RANGE, P2P_UNALIGNED, P2P_PROVIDER_DRIVER, P2P_REGISTER_BAR, P2P_MSIX,
// VFIO_NO_IOMMU, VFIO_NOT_VIABLE, and those of route::clear().
Plan plan(const pci::Machine &machine, const Order &order);

// The same for a mapping: a client that is bound, a BAR that can be held, leave to pass.
route::Clearance clearMapping(const pci::Machine &machine, const pci::Function &client,
			      const pci::Function &provider, const pci::Bar &bar,
			      const Permission &permission);

}
