// SPDX-License-Identifier: MIT
// Will the data of an exported namespace go from peer to peer, by whose memory, and why not? The
// rules are nvmet_p2pmem_ns_enable() and nvmet_p2pmem_ns_add_p2p() of drivers/nvme/target/core.c.
#pragma once

#include "pci/machine.h"
#include "target/subsystem.h"

#include <map>
#include <optional>
#include <string>

namespace target
{

struct Prospect {
	// What the attribute p2pmem of the namespace is to be: a bdf, or '' for off.
	std::string provider{};
	// nullopt: cannot be told.
	std::optional<bool> isPeer{};
	bool isDirect = false; // both ways turn below the root complex
	// Where it is not so, or not known: 'off' · 'not-pci' · 'multipath' · 'no-provider' ·
	// 'namespace-unreachable' {provider?} · 'transport' {transport} · 'no-rdma' ·
	// 'software-rdma' {rdma} · 'rdma-unknown' {rdma?} · 'network-unreachable' {network,
	// provider} · 'network-unknown' {network, provider} · 'namespace-unknown' {provider}
	std::string reason{};
	std::map<std::string, std::string> facts{};
};

// A namespace of the kernel's driver: nvme0n1.
struct Disk {
	std::string name;
	bool isHead = false;                     // of NVMe multipath: it stands below no function
	bool isPci = true;                       // false: over fabrics
	const pci::Function *function = nullptr; // nullptr for a head
};

// Error P2P_NOT_NAMESPACE {name} where there is none of that name, '/dev/nvme0n1' or 'nvme0n1'.
Disk findDisk(const pci::Machine &machine, const std::string &name);

// via: whose memory, as a user names it or as the attribute has it; 'none' for nobody's, '' for
// the nearest. Error P2P_NO_FUNCTION, P2P_BAD_NAME, P2P_SEVERAL.
Prospect prospect(const pci::Machine &machine, const Disk &disk, const Port &port,
		  const std::string &via);

}
