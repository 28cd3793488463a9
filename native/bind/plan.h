// SPDX-License-Identifier: MIT
// What an order means for each function, before anything is touched.
#pragma once

#include "bind/bind.h"
#include "bind/memory.h"
#include "sys/fd.h"

#include <vector>

namespace bind
{

// One function on its way.
struct Step {
	const pci::Function *function;
	State before, to;
	std::optional<State> kept; // what was before the first of our changes
	bool hadRecord = false, hadRule = false;
	std::vector<sys::Fd> claims = {};

	bool isNeeded() const { return before.driver != to.driver; }
};

// Error P2P_NO_FUNCTION, P2P_BAD_NAME, P2P_NOTHING_TO_RESTORE.
std::vector<Step> plan(const Order &order, const pci::Machine &machine, const Memory &memory);

}
