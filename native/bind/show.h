// SPDX-License-Identifier: MIT
// A look at functions with p2p-bind's eyes: whose they are, who shares their group, what hangs on
// them, and what p2p-bind has changed. Changes nothing, opens nothing.
#pragma once

#include "bind/company.h"
#include "bind/state.h"
#include "pci/usage.h"

#include <optional>
#include <string>
#include <vector>

namespace bind
{

struct Shown {
	pci::Bdf bdf;
	std::vector<std::string> names; // nvme0, nvme0n1
	uint32_t classCode;
	State now;
	std::optional<State> before; // the first of our changes, as far as this user may know
	std::string rule;            // the udev rule of ours that keeps it, '' for none
	std::optional<int> iommuGroup;
	std::optional<bool> isViable; // may VFIO open the group as it is now?
	std::vector<Companion> companions;
	std::vector<pci::Use> uses;
};

struct View {
	std::vector<Shown> functions;
	bool seesProcesses; // those of other users, and what they have mounted elsewhere
	bool seesRecords;
};

// No names: all functions that p2p-bind has changed. group: their companions too, as far as they
// could go along. Error P2P_NO_FUNCTION, P2P_BAD_NAME.
View show(const std::string &root, const std::vector<std::string> &names, bool group);

}
