// SPDX-License-Identifier: MIT
// What nvmet exports now, read from configfs. Only looks.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace target
{

struct Port {
	std::string id;        // of its folder: '1'
	std::string transport; // 'rdma', 'tcp', 'loop', 'fc' …
	std::string address;   // '' with loop
	std::string service;   // '' with loop

	bool leadsTo(const Port &other) const
	{
		return transport == other.transport && address == other.address &&
		       service == other.service;
	}
};

struct Exported {
	std::string nsid;
	std::string device; // /dev/nvme0n1
	std::string p2pmem; // '0', '1' or a bdf; '' where this kernel has no such attribute
	bool isEnabled = false;
};

struct Subsystem {
	std::string nqn;
	bool isForAll = false;          // any host may connect
	std::vector<std::string> hosts; // else these
	std::vector<Exported> namespaces;
	std::vector<Port> ports;
};

std::vector<Port> portsOf(const std::string &root);
std::vector<Subsystem> subsystemsOf(const std::string &root);

}
