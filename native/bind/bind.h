// SPDX-License-Identifier: MIT
// p2p-bind: functions change drivers, all of them or none, never one in use, and can be put back
// as they were, after a crash too.
#pragma once

#include "bind/company.h"
#include "bind/rules.h"
#include "pci/bdf.h"

#include <optional>
#include <string>
#include <vector>

namespace bind
{

// A udev rule that does the same at each boot: not at all, only told, or installed too.
enum class Persist { no, tell, install };

struct Order {
	std::string root;                   // '' or the --sysroot folder
	std::vector<std::string> functions; // with restore, none: all that were changed
	std::string driver = "vfio-pci";    // '' to leave without one; ignored with restore
	bool group = false;                 // companions of the IOMMU group go along
	bool restore = false;
	bool dryRun = false;
	Persist persist = Persist::no;
};

struct Bound {
	pci::Bdf bdf;
	std::string before, after; // drivers, '' for none
	std::optional<int> iommuGroup;
	std::optional<bool> isViable; // may VFIO open the group afterwards? nullopt without a group
	std::vector<Companion> companions;
};

struct Report {
	std::vector<Bound> functions;
	std::vector<Rule> rules;           // what makes it last, where that was asked for
	std::vector<std::string> keeping;  // the same as shell lines
	std::vector<std::string> commands; // what was changed, as shell lines
};

// Errors that leave everything as it was: P2P_NOT_ROOT, P2P_NO_FUNCTION, P2P_BAD_NAME,
// P2P_NOTHING_TO_RESTORE {bdf}, P2P_NO_DRIVER {driver}, P2P_NOT_KEPT {driver}, P2P_IN_USE
// (pci/usage.h), P2P_WORK_BUSY {name, path}, P2P_UNSAFE_FOLDER {path}, P2P_FOREIGN_FILE {path}.
// P2P_BIND_FAILED {bdf, driver, reason, errno, command, commands, left}: what had been done is
// undone again, except what the lines of `left` say.
Report run(const Order &order);

}
