// SPDX-License-Identifier: MIT
// The other functions of an IOMMU group: who stands in VFIO's way, and who may be taken along.
#pragma once

#include "pci/machine.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bind
{

using Functions = std::vector<const pci::Function *>;

struct Companion {
	pci::Bdf bdf;
	std::string driver; // '' where none is bound
	bool hinders;       // with this driver VFIO cannot open the group
	bool mayCome;       // an endpoint: --group takes it along; a bridge never
};

// Without itself; none where it is in no group.
std::vector<Companion> companionsOf(const pci::Machine &machine, const pci::Function &function);

// May VFIO open the function's group with these drivers? nullopt without a group.
std::optional<bool> isViable(const pci::Function &function, const std::string &driver,
			     const std::vector<Companion> &companions);

// Companions that --group brings to that driver: endpoints, but for those that are of VFIO already
// or belong to nobody, where VFIO is what the group is wanted for.
Functions along(const pci::Machine &machine, const pci::Function &function,
		const std::string &driver);

// The functions of these names, each once. Errors as Machine::find.
Functions named(const pci::Machine &machine, const std::vector<std::string> &names);
// Adds the companions of those that are there, each once.
void takeAlong(Functions &functions,
	       const std::function<Functions(const pci::Function &)> &companions);

}
