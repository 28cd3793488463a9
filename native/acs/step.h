// SPDX-License-Identifier: MIT
// One port on its way from bits to bits.
#pragma once

#include "pci/machine.h"

#include <cstdint>

namespace acs
{

struct Step {
	const pci::Function *port;
	uint16_t before = 0, after = 0; // PCI_ACS_CTRL
	bool hadRecord = false;

	bool isNeeded() const { return before != after; }
	bool clears() const { return (before & ~after) != 0; }
};

}
