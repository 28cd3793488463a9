// SPDX-License-Identifier: MIT
// One thing that would break if a function changed hands.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace pci
{

// One use, a code with its facts, those with a ? only where known:
//   mounted {device, where} · swap {device} · claimed {device}
//   held {device, holder, kind?: lvm|crypt|multipath|dm|raid|bcache|zram|loop|nvmet, name?}
//   open {device, pid, command} · vfio-open {device, pid, command}
//   network-up {interface, addresses?, default?} · network-held {interface, holder, kind?}
//   network-elsewhere {} · display {reason: console|framebuffer} · vfs-enabled {count} · bridge {}
// name: of a dm device in /dev/mapper, of an array its level. addresses: blanks between. default:
// 'yes', the default route. kind of a network: bond, bridge, team, vlan.
// device is a path: /dev/nvme0n1p1. Every use has the fact bdf, where it is a function's.
struct Use {
	std::string code;
	std::map<std::string, std::string> facts;

	bool operator==(const Use &) const = default;
};

using Uses = std::vector<Use>;

// Each of them once.
void addUse(Uses &uses, const Use &use);

}
