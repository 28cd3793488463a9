// SPDX-License-Identifier: MIT
#include "target/target.h"

#include "pci/usage.h"
#include "sys/configfs.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/stop.h"
#include "target/network.h"
#include "target/records.h"
#include "target/step.h"

#include <algorithm>
#include <ranges>
#include <set>

namespace target
{

using sys::Error;
using Sort = Step::Sort;

static void requireRoot()
{
	if (!sys::isRoot())
		throw Error("P2P_NOT_ROOT", "only the superuser may change targets",
			    {{"what", "NVMe targets"}});
}

// nvmet itself, and the transport's part of it.
static std::vector<std::string> modulesOf(const std::string &transport)
{
	return {"nvmet", transport == "loop" ? "nvme-loop" : "nvmet-" + transport};
}

static void requireDriver(const Order &order)
{
	if (!order.root.empty())
		return;
	for (const auto &module : modulesOf(order.port.transport))
		if (!sys::loadModule(module, order.dryRun))
			throw Error("P2P_NO_DRIVER", "no " + module, {{"driver", module}});
	if (!order.dryRun)
		sys::mountConfigfs();
}

static void requireNew(const Order &order)
{
	if (sys::exists(order.root + nvmetFolder + ("/subsystems/" + order.nqn)))
		throw Error("P2P_TARGET_EXISTS", order.nqn + " is there", {{"nqn", order.nqn}});
}

static void requireAddress(const Order &order, const pci::Machine &machine)
{
	const auto &[id, transport, address, service] = order.port;
	// Another machine's addresses are not in its sysfs.
	if (transport == "loop" || !order.root.empty())
		return;
	if (!isWildcard(address) && !interfaceOf(address))
		throw Error("P2P_NO_ADDRESS", "no interface has " + address,
			    {{"address", address}});
	if (transport == "rdma" && !rdmaDeviceAt(machine, address) &&
	    !(isWildcard(address) && hasRdmaDevice(machine)))
		throw Error("P2P_NO_RDMA", "no RDMA device at " + address, {{"address", address}});
}

static void requireUnused(const Order &order, const std::vector<Disk> &disks)
{
	pci::Uses all;
	for (const auto &disk : disks)
		for (const auto &use : pci::usesOfBlock(order.root, disk.name))
			pci::addUse(all, use);
	if (!all.empty())
		throw pci::inUse(all);
}

// What the user named or required has to be had; else data may go the long way.
static void requireMet(const Order &order, const Disk &disk, const Prospect &prospect)
{
	const bool isNamed = !order.via.empty() && order.via != "none";
	const bool isMet = order.require == "direct"
				   ? prospect.isDirect
				   : order.require != "any" || prospect.isPeer == true;
	if (isMet && !(isNamed && prospect.provider.empty()))
		return;
	Error::Facts facts = prospect.facts;
	facts["device"] = "/dev/" + disk.name;
	// A prospect that is peer has no reason of its own.
	facts["reason"] = prospect.isPeer == true ? "not-direct" : prospect.reason;
	throw Error(prospect.isPeer ? "P2P_NOT_PEER" : "P2P_UNKNOWN_PEER", "not peer to peer",
		    facts);
}

static std::vector<Disk> findDisks(const pci::Machine &machine, const Order &order)
{
	std::vector<Disk> disks;
	for (const auto &name : order.namespaces)
		disks.push_back(findDisk(machine, name));
	return disks;
}

static std::vector<Shown> foresee(const pci::Machine &machine, const Order &order,
				  const std::vector<Disk> &disks)
{
	std::vector<Shown> shown;
	for (const auto &disk : disks) {
		auto found = prospect(machine, disk, order.port, order.via);
		requireMet(order, disk, found);
		shown.push_back({.nsid = std::to_string(shown.size() + 1),
				 .device = "/dev/" + disk.name,
				 .isEnabled = true,
				 .prospect = std::move(found)});
	}
	return shown;
}

static void addHosts(Steps &steps, const Order &order, const std::string &subsystem)
{
	const std::string hosts = std::string(nvmetFolder) + "/hosts/";
	if (order.isForAll)
		steps.push_back({Sort::value, subsystem + "/attr_allow_any_host", "1"});
	for (const auto &host : order.hosts) {
		steps.push_back({Sort::folder, hosts + host});
		steps.push_back({Sort::link, subsystem + "/allowed_hosts/" + host, hosts + host});
	}
}

static void addNamespaces(Steps &steps, const std::vector<Shown> &namespaces,
			  const std::string &subsystem)
{
	for (const auto &one : namespaces) {
		const std::string folder = subsystem + "/namespaces/" + one.nsid;
		steps.push_back({Sort::folder, folder});
		steps.push_back({Sort::value, folder + "/device_path", one.device});
		if (!one.prospect.provider.empty())
			steps.push_back({Sort::value, folder + "/p2pmem", one.prospect.provider});
		steps.push_back({Sort::value, folder + "/enable", "1"});
	}
}

// The port that leads there already, or a new one.
static Port choosePort(const Order &order)
{
	std::set<std::string> taken;
	for (const auto &port : portsOf(order.root)) {
		if (port.leadsTo(order.port))
			return port;
		taken.insert(port.id);
	}
	Port port = order.port;
	int number = 1;
	while (taken.contains(std::to_string(number)))
		number++;
	port.id = std::to_string(number);
	return port;
}

static void addPort(Steps &steps, const Order &order, const Port &port, bool isOurs)
{
	const std::string folder = nvmetFolder + ("/ports/" + port.id);
	const bool isNew = !sys::exists(order.root + folder);
	if (isNew || isOurs)
		steps.push_back({Sort::folder, folder});
	if (!isNew)
		return;
	steps.push_back({Sort::value, folder + "/addr_trtype", port.transport});
	if (port.transport == "loop")
		return;
	const bool isV6 = port.address.find(':') != std::string::npos;
	steps.push_back({Sort::value, folder + "/addr_adrfam", isV6 ? "ipv6" : "ipv4"});
	steps.push_back({Sort::value, folder + "/addr_traddr", port.address});
	steps.push_back({Sort::value, folder + "/addr_trsvcid", port.service});
}

static Steps stepsFor(const Order &order, const std::vector<Shown> &namespaces, const Port &port,
		      const Records *records)
{
	const std::string subsystem = nvmetFolder + ("/subsystems/" + order.nqn);
	const std::string folder = nvmetFolder + ("/ports/" + port.id);
	Steps steps{{Sort::folder, subsystem}};

	addHosts(steps, order, subsystem);
	addNamespaces(steps, namespaces, subsystem);
	addPort(steps, order, port, records && records->hasMade(folder));
	// Last: from here on hosts can connect.
	steps.push_back({Sort::link, folder + "/subsystems/" + order.nqn, subsystem});
	return steps;
}

// What could not be undone, as the lines that a person would type.
static std::string undo(const std::string &root, const Steps &steps)
{
	std::string left;
	for (const auto &step : steps | std::views::reverse) {
		try {
			takeBack(root, step);
		} catch (const Error &) {
			left += undoingOf(step) + "\n";
		}
	}
	return left;
}

// It was stopped on the way, and not all of it could be undone.
static Error stoppedBefore(const Step &step)
{
	return Error("P2P_TARGET_FAILED", "interrupted",
		     {{"command", commandOf(step)}, {"errno", "EINTR"}, {"reason", "interrupted"}});
}

static void work(const Order &order, const Steps &steps, const Records &records,
		 const std::stop_token &stop)
{
	records.keep(order.nqn, steps);
	Steps done;
	try {
		for (const auto &step : steps) {
			sys::checkStop(stop);
			take(order.root, step);
			done.push_back(step);
		}
	} catch (Error &error) {
		const std::string left = undo(order.root, done);
		if (left.empty())
			records.drop(order.nqn);
		else if (error.code == "P2P_STOPPED")
			error = stoppedBefore(steps[done.size()]);
		error.facts["left"] = left;
		throw;
	}
}

static std::vector<std::string> commandsOf(const Order &order, const Steps &steps)
{
	std::vector<std::string> commands;
	for (const auto &module : modulesOf(order.port.transport))
		commands.push_back("modprobe " + module);
	for (const auto &step : steps)
		commands.push_back(commandOf(step));
	return commands;
}

Report setUp(const Order &order, const std::stop_token &stop)
{
	if (!order.dryRun)
		requireRoot();
	const auto machine = pci::Machine::scan(order.root);
	const auto disks = findDisks(machine, order);
	requireAddress(order, machine);
	auto namespaces = foresee(machine, order, disks);

	// Another p2p-target waits here: what it may export is looked at only afterwards.
	std::optional<Records> records;
	if (!order.dryRun)
		records.emplace(order.root, stop);
	requireUnused(order, disks);
	requireNew(order);
	requireDriver(order);
	const auto port = choosePort(order);
	const auto steps = stepsFor(order, namespaces, port, records ? &*records : nullptr);
	if (records)
		work(order, steps, *records, stop);
	return {.target = {.nqn = order.nqn,
			   .isOurs = true,
			   .isForAll = order.isForAll,
			   .hosts = order.hosts,
			   .ports = {port},
			   .namespaces = std::move(namespaces)},
		.commands = commandsOf(order, steps)};
}

// The attribute's '1' leaves the choice to the kernel, '0' and none mean nobody's.
static std::string viaOf(const std::string &p2pmem)
{
	return p2pmem == "1" ? "" : p2pmem == "0" || p2pmem.empty() ? "none" : p2pmem;
}

// Of several the one over which data may go from peer to peer.
static Port portThatMatters(const std::vector<Port> &ports)
{
	const auto rdma = std::ranges::find(ports, "rdma", &Port::transport);
	if (rdma != ports.end())
		return *rdma;
	return ports.empty() ? Port{} : ports.front();
}

static Prospect prospectNow(const pci::Machine &machine, const Exported &one,
			    const std::vector<Port> &ports)
{
	try {
		return prospect(machine, findDisk(machine, one.device), portThatMatters(ports),
				viaOf(one.p2pmem));
	} catch (const Error &) {
		// A file, another disk, or a provider that has gone.
		return {.isPeer = false, .reason = "no-provider"};
	}
}

static Target targetOf(const pci::Machine &machine, const Subsystem &subsystem,
		       const std::optional<Records> &records)
{
	Target target{.nqn = subsystem.nqn,
		      .isForAll = subsystem.isForAll,
		      .hosts = subsystem.hosts,
		      .ports = subsystem.ports};
	if (sys::isRoot())
		target.isOurs = records && records->find(subsystem.nqn);
	for (const auto &one : subsystem.namespaces)
		target.namespaces.push_back({.nsid = one.nsid,
					     .device = one.device,
					     .isEnabled = one.isEnabled,
					     .prospect = prospectNow(machine, one, target.ports)});
	return target;
}

std::vector<Target> show(const std::string &root, const std::vector<std::string> &nqns)
{
	const auto machine = pci::Machine::scan(root);
	const auto records = Records::peek(root);
	std::vector<Target> found;
	for (const auto &subsystem : subsystemsOf(root))
		if (nqns.empty() || std::ranges::find(nqns, subsystem.nqn) != nqns.end())
			found.push_back(targetOf(machine, subsystem, records));
	for (const auto &nqn : nqns)
		if (std::ranges::find(found, nqn, &Target::nqn) == found.end())
			throw Error("P2P_NO_TARGET", "no target " + nqn, {{"nqn", nqn}});
	return found;
}

static Steps ours(const std::string &root, const Records &records, const std::string &nqn)
{
	if (auto steps = records.find(nqn))
		return *steps;
	const bool isThere = sys::exists(root + nvmetFolder + ("/subsystems/" + nqn));
	throw Error(isThere ? "P2P_NOT_OURS" : "P2P_NO_TARGET", "not ours: " + nqn, {{"nqn", nqn}});
}

std::vector<std::string> takeDown(const std::string &root, const std::vector<std::string> &nqns,
				  bool dryRun)
{
	requireRoot();
	const Records records(root);
	const auto names = nqns.empty() ? records.names() : nqns;
	std::vector<Steps> all;
	for (const auto &nqn : names)
		all.push_back(ours(root, records, nqn));

	std::vector<std::string> commands;
	for (size_t i = 0; i < names.size(); i++) {
		for (const auto &step : all[i] | std::views::reverse) {
			const bool isDone =
				dryRun ? !undoingOf(step).empty() : takeBack(root, step);
			if (isDone)
				commands.push_back(undoingOf(step));
		}
		if (!dryRun)
			records.drop(names[i]);
	}
	return commands;
}

}
