// SPDX-License-Identifier: MIT
// What would make a verdict direct, and what the verdict is then. Nothing is changed but a copy.
#pragma once

#include "route/groups.h"
#include "route/verdict.h"

#include <cstdint>
#include <string>
#include <vector>

namespace route
{

// ACS control bits to change in one function: PCI_ACS_*.
struct Change {
	pci::Bdf bdf;
	uint16_t clear = 0; // all of them set now
	uint16_t set = 0;
};

struct Fix {
	// Empty where it is direct already, or where no bits would make it so.
	std::vector<Change> changes;
	Verdict before, after;
	// What isolation it costs: groups that hold then what several hold now, as far as known.
	std::optional<std::vector<Members>> merged;
	// Why no change helps: 'no-common-bridge', 'not-read', 'guest'; '' where changes do.
	std::string obstacle;
};

Fix fix(const pci::Machine &machine, const pci::Function &client, const pci::Function &provider);

// The machine as it would be with those bits changed.
pci::Machine changed(pci::Machine machine, const std::vector<Change> &changes);

}
