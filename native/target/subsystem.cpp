// SPDX-License-Identifier: MIT
#include "target/subsystem.h"

#include "sys/file.h"
#include "target/step.h"

#include <algorithm>

namespace target
{

// The kernel ends some of its values with a blank or a newline more.
static std::string valueAt(const std::string &path)
{
	auto text = sys::readText(path).value_or("");
	while (text.ends_with('\n') || text.ends_with(' '))
		text.pop_back();
	return text;
}

static Port readPort(const std::string &folder, const std::string &id)
{
	const std::string port = folder + "/ports/" + id;
	return {.id = id,
		.transport = valueAt(port + "/addr_trtype"),
		.address = valueAt(port + "/addr_traddr"),
		.service = valueAt(port + "/addr_trsvcid")};
}

std::vector<Port> portsOf(const std::string &root)
{
	const std::string folder = root + nvmetFolder;
	std::vector<Port> ports;
	for (const auto &id : sys::list(folder + "/ports"))
		ports.push_back(readPort(folder, id));
	return ports;
}

static std::vector<Exported> namespacesOf(const std::string &subsystem)
{
	std::vector<Exported> found;
	for (const auto &nsid : sys::list(subsystem + "/namespaces")) {
		const std::string folder = subsystem + "/namespaces/" + nsid;
		found.push_back({.nsid = nsid,
				 .device = valueAt(folder + "/device_path"),
				 .p2pmem = valueAt(folder + "/p2pmem"),
				 .isEnabled = valueAt(folder + "/enable") == "1"});
	}
	// As numbers.
	std::ranges::sort(found, [](const Exported &a, const Exported &b) {
		return std::pair(a.nsid.size(), a.nsid) < std::pair(b.nsid.size(), b.nsid);
	});
	return found;
}

std::vector<Subsystem> subsystemsOf(const std::string &root)
{
	const std::string folder = root + nvmetFolder;
	std::vector<Subsystem> found;

	for (const auto &nqn : sys::list(folder + "/subsystems")) {
		// The kernel's own, by which hosts find the others.
		if (nqn == "nqn.2014-08.org.nvmexpress.discovery")
			continue;
		const std::string subsystem = folder + "/subsystems/" + nqn;
		auto &one = found.emplace_back();
		one.nqn = nqn;
		one.isForAll = valueAt(subsystem + "/attr_allow_any_host") == "1";
		one.hosts = sys::list(subsystem + "/allowed_hosts");
		one.namespaces = namespacesOf(subsystem);
		for (const auto &id : sys::list(folder + "/ports"))
			if (sys::readLink(folder + "/ports/" + id + "/subsystems/" + nqn))
				one.ports.push_back(readPort(folder, id));
	}
	return found;
}

}
