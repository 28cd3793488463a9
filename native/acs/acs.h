// SPDX-License-Identifier: MIT
// p2p-acs: ACS bits of ports change, of all of them or of none, never under a guest's feet, and can
// be put back as they were, after a crash too.
#pragma once

#include "pci/machine.h"
#include "route/groups.h"

#include <cstdint>
#include <string>
#include <vector>

namespace acs
{

struct Order {
	std::string root;               // '' or the --sysroot folder
	std::vector<std::string> ports; // by name; with restore, none: all that were changed
	std::vector<std::string> route; // client and provider: the ports between them
	uint16_t clear = 0, set = 0;    // PCI_ACS_*
	bool restore = false;
	std::vector<std::string> rebind; // functions whose driver is bound anew
	bool inUse = false;              // also where functions below are in use
	bool dryRun = false;
};

struct Changed {
	pci::Bdf bdf;
	uint16_t before = 0, after = 0; // PCI_ACS_CTRL
	uint16_t capability = 0;        // PCI_ACS_CAP
};

struct Driven {
	pci::Bdf bdf;
	std::string driver;
};

struct Report {
	std::vector<Changed> ports;
	std::vector<Driven> rebound;
	std::vector<Driven> stale; // providers whose kernel verdict is of before the change
	std::vector<route::Difference> groups; // of the kernel, no longer what the ports would give
	bool isGuest = false;                  // the ports are not the hardware
	std::vector<std::string> commands;     // what was changed, as shell lines
};

// Errors that leave everything as it was: P2P_NOT_ROOT, P2P_NO_FUNCTION, P2P_BAD_NAME, P2P_NO_ACS
// {bdf}, P2P_ACS_UNREAD {bdf}, P2P_ACS_SHIFTED {bdf}, P2P_ACS_NO_BIT {bdf, bits, has},
// P2P_ACS_NO_WAY {client, provider}, P2P_NOTHING_TO_RESTORE {bdf}, P2P_NOT_DRIVEN {bdf},
// P2P_ACS_VFIO and P2P_ACS_IN_USE (facts as P2P_IN_USE), P2P_IN_USE of a function to be bound anew,
// P2P_LOCKDOWN {what, level, secureBoot}, P2P_WORK_BUSY {name, path}, P2P_UNSAFE_FOLDER {path}.
// P2P_ACS_FAILED {bdf, reason, wanted, got, commands, left}, P2P_BIND_FAILED: what had been done is
// undone again, except what the lines of `left` say.
Report run(const Order &order);

// What was before in ports that p2p-acs has changed; empty where this user may not see it.
std::vector<Changed> kept(const pci::Machine &machine);

}
