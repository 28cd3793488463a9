// SPDX-License-Identifier: MIT
// Functions leave their drivers and come back to the same ones: what a driver asked the kernel once
// it asks again. What p2p-bind refuses is refused here, and p2p-bind --restore helps after a crash.
#pragma once

#include "bind/hand.h"
#include "bind/undo.h"
#include "pci/machine.h"

#include <optional>
#include <string>
#include <vector>

namespace bind
{

class Rebinding
{
public:
	// Looks at all of them. Error P2P_NOT_DRIVEN {bdf}, P2P_IN_USE, P2P_WORK_BUSY.
	Rebinding(const std::string &root, const std::vector<const pci::Function *> &functions,
		  bool isDry);

	// Error P2P_BIND_FAILED, then those that had left stay so until rejoin().
	void release();
	// All that have left, also where one fails: Error P2P_BIND_FAILED.
	void rejoin();

	std::vector<std::string> commands() const { return hand_.commands(); }

private:
	struct Guest {
		const pci::Function *function;
		State state;
		bool hadRecord = false;
		bool isAway = false;
		std::vector<sys::Fd> claims = {};

		State away() const
		{
			return {.driver = "", .driverOverride = state.driverOverride};
		}
	};

	std::string root_;
	std::vector<Guest> guests_;
	std::optional<UndoBook> book_;
	Hand hand_;
};

}
