// SPDX-License-Identifier: MIT
// p2p-target: NVMe namespaces exported by nvmet with peer memory behind them, all of it or
// nothing, and taken down again.
#pragma once

#include "target/peer.h"
#include "target/subsystem.h"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace target
{

struct Order {
	std::string root; // '' or the --sysroot folder
	std::string nqn;
	std::vector<std::string> namespaces; // /dev/nvme0n1, nvme0n1
	Port port;                           // its id is chosen here
	std::string via;                     // provider, 'none', '' for the nearest
	std::vector<std::string> hosts;      // that may connect
	bool isForAll = false;               // any may
	std::string require;                 // 'direct', 'any' or ''
	bool dryRun = false;
};

struct Shown {
	std::string nsid;
	std::string device;
	bool isEnabled = false;
	Prospect prospect;
};

struct Target {
	std::string nqn;
	std::optional<bool> isOurs{}; // made by p2p-target; nullopt where that may not be read
	bool isForAll = false;
	std::vector<std::string> hosts;
	std::vector<Port> ports;
	std::vector<Shown> namespaces{};
};

struct Report {
	Target target;
	std::vector<std::string> commands; // what was changed, as shell lines
};

// Errors that leave everything as it was: P2P_NOT_ROOT {what}, P2P_NO_DRIVER, P2P_TARGET_EXISTS
// {nqn}, P2P_NO_ADDRESS {address}, P2P_NO_RDMA {address}, P2P_IN_USE (pci/usage.h), P2P_NOT_PEER
// {device, reason, and the facts of the reason} where what was required or named cannot be had and
// P2P_UNKNOWN_PEER, likewise, where that cannot be told: reasons are those of a Prospect (peer.h)
// and 'not-direct' {network, provider}, P2P_WORK_BUSY, those of findDisk() and prospect(),
// P2P_TARGET_FAILED {command, errno, reason, left: commands}, P2P_STOPPED where that was asked for
// before all was done.
Report setUp(const Order &order, const std::stop_token &stop);

// Of those names, or all. Error P2P_NO_TARGET {nqn}.
std::vector<Target> show(const std::string &root, const std::vector<std::string> &nqns);

// Of those names, or all that p2p-target made. Commands that were run; hosts that are connected
// lose the namespaces. Error P2P_NOT_ROOT, P2P_NO_TARGET {nqn}, P2P_NOT_OURS {nqn},
// P2P_TARGET_FAILED: what is left can be taken down by another try.
std::vector<std::string> takeDown(const std::string &root, const std::vector<std::string> &nqns,
				  bool dryRun);

}
