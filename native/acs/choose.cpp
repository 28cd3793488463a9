// SPDX-License-Identifier: MIT
#include "acs/choose.h"

#include "route/isolation.h"
#include "route/meeting.h"
#include "sys/error.h"

#include <algorithm>

namespace acs
{

using sys::Error;
using Ports = std::vector<const pci::Function *>;

static std::string join(const std::vector<std::string> &names)
{
	std::string text;
	for (const auto &name : names)
		text += (text.empty() ? "" : ",") + name;
	return text;
}

static void requireAcs(const pci::Function &port)
{
	const Error::Facts facts{{"bdf", port.bdf.name()}};
	if (port.acs.seen == pci::Seen::unknown)
		throw Error("P2P_ACS_UNREAD", "the ACS of " + port.bdf.name() + " was not read",
			    facts);
	if (port.acs.seen == pci::Seen::no)
		throw Error("P2P_NO_ACS", port.bdf.name() + " has no ACS", facts);
	if (route::hasShiftedAcs(port))
		throw Error("P2P_ACS_SHIFTED", port.bdf.name() + " has its ACS elsewhere", facts);
}

// Those that the kernel looks at, so those that p2p-check --fix names are among them.
static Ports onTheWay(const pci::Machine &machine, const Order &order)
{
	const pci::Function &from = machine.find(order.route[0]);
	const pci::Function &to = machine.find(order.route[1]);
	std::vector<std::string> missing;
	const auto meeting = route::meet(machine, from, to, missing);
	if (!meeting || !meeting->isCommon())
		throw Error("P2P_ACS_NO_WAY", "no common bridge",
			    {{"client", from.bdf.name()}, {"provider", to.bdf.name()}});
	Ports ports;
	for (const pci::Function *port : route::inspected(*meeting)) {
		if (port->acs.seen == pci::Seen::unknown)
			requireAcs(*port);
		if (port->acs.seen == pci::Seen::yes && !route::hasShiftedAcs(*port))
			ports.push_back(port);
	}
	std::ranges::sort(ports, {}, &pci::Function::bdf);
	// What no port has is clear already.
	if (ports.empty() && order.set)
		throw Error("P2P_NO_ACS", "no ACS on the way",
			    {{"client", from.bdf.name()}, {"provider", to.bdf.name()}});
	return ports;
}

static Ports withRecord(Ports ports, const Book *book)
{
	std::erase_if(ports, [&](const pci::Function *port) { return !book->find(*port); });
	return ports;
}

static Ports portsOf(const Order &order, const pci::Machine &machine, const Book *book)
{
	Ports ports;
	if (order.route.size() == 2) {
		ports = onTheWay(machine, order);
		return order.restore ? withRecord(std::move(ports), book) : ports;
	}
	for (const auto &name : order.ports)
		if (const auto *port = &machine.find(name); !std::ranges::count(ports, port))
			ports.push_back(port);
	if (order.ports.empty() && order.restore) {
		for (const pci::Function &function : machine.functions)
			ports.push_back(&function);
		ports = withRecord(std::move(ports), book);
	}
	return ports;
}

static uint16_t wanted(const Order &order, const pci::Function &port, const Book *book)
{
	const pci::Acs &acs = port.acs;
	if (order.restore) {
		if (const auto control = book->find(port))
			return *control;
		throw Error("P2P_NOTHING_TO_RESTORE", "nothing is kept for " + port.bdf.name(),
			    {{"bdf", port.bdf.name()}, {"name", "p2p-acs"}});
	}
	const auto lacking = static_cast<uint16_t>(order.set & ~acs.capability);
	if (lacking)
		throw Error("P2P_ACS_NO_BIT", port.bdf.name() + " lacks bits",
			    {{"bdf", port.bdf.name()},
			     {"bits", join(pci::acsNames(lacking))},
			     {"has", join(pci::acsNames(acs.capability))}});
	return static_cast<uint16_t>((acs.control & ~order.clear) | order.set);
}

std::vector<Step> choose(const Order &order, const pci::Machine &machine, const Book *book)
{
	std::vector<Step> steps;
	for (const pci::Function *port : portsOf(order, machine, book)) {
		requireAcs(*port);
		steps.push_back({.port = port,
				 .before = port->acs.control,
				 .after = wanted(order, *port, book),
				 .hadRecord = book && book->find(*port)});
	}
	if (steps.empty() && order.restore)
		throw Error("P2P_NOTHING_TO_RESTORE", "nothing is kept", {{"name", "p2p-acs"}});
	return steps;
}

}
