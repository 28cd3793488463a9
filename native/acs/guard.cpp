// SPDX-License-Identifier: MIT
#include "acs/guard.h"

#include "bind/refuse.h"
#include "pci/usage.h"
#include "sys/error.h"

#include <algorithm>
#include <set>

namespace acs
{

using sys::Error;
using Functions = std::vector<const pci::Function *>;

// The port itself is below it, and so are its virtual functions.
static bool isBelow(const pci::Machine &machine, const pci::Function &function,
		    const pci::Function &port)
{
	if (function.physfn == port.bdf)
		return true;
	for (const pci::Function *at = &function; at;
	     at = at->parent ? machine.lookUp(*at->parent) : nullptr)
		if (at == &port)
			return true;
	return false;
}

static Functions below(const pci::Machine &machine, const std::vector<Step> &steps,
		       bool (Step::*isMeant)() const)
{
	Functions functions;
	for (const pci::Function &function : machine.functions)
		if (std::ranges::any_of(steps, [&](const Step &step) {
			    return (step.*isMeant)() && isBelow(machine, function, *step.port);
		    }))
			functions.push_back(&function);
	return functions;
}

static Error refusal(const char *code, const std::vector<pci::Use> &uses)
{
	Error error = pci::inUse(uses);
	error.code = code;
	return error;
}

// Disks that the kernel keeps for somebody whom nobody sees.
static void claimDisks(const Functions &functions)
{
	try {
		for (const pci::Function *function : functions)
			bind::claimDisks(*function);
	} catch (Error &error) {
		if (error.code == "P2P_IN_USE")
			error.code = "P2P_ACS_IN_USE";
		throw;
	}
}

void requireQuiet(const Order &order, const pci::Machine &machine, const std::vector<Step> &steps)
{
	const auto all = below(machine, steps, &Step::isNeeded);
	const auto turned = below(machine, steps, &Step::clears);
	std::vector<pci::Use> guests, others;

	for (const pci::Function *function : all) {
		const bool isTurned = std::ranges::count(turned, function) > 0;
		for (auto &use : pci::usesOf(order.root, *function)) {
			// What hangs on a bridge, or a VF, is looked at by itself.
			if (use.code == "bridge" || use.code == "vfs-enabled")
				continue;
			const bool isGuest = isTurned && use.code == "vfio-open";
			(isGuest ? guests : others).push_back(std::move(use));
		}
	}
	if (!guests.empty())
		throw refusal("P2P_ACS_VFIO", guests);
	if (order.inUse)
		return;
	if (!others.empty())
		throw refusal("P2P_ACS_IN_USE", others);
	// A dry run opens nothing, and another machine's disks are not here.
	if (!order.dryRun && order.root.empty())
		claimDisks(all);
}

std::vector<sys::Fd> holdGroups(const Order &order, const pci::Machine &machine,
				const std::vector<Step> &steps, const Functions &leftOut)
{
	std::vector<sys::Fd> held;
	std::set<int> groups;
	if (order.dryRun || !order.root.empty())
		return held;
	try {
		for (const pci::Function *function : below(machine, steps, &Step::clears))
			if (!std::ranges::count(leftOut, function) && function->iommuGroup &&
			    pci::isVfioDriver(function->driver) &&
			    groups.insert(*function->iommuGroup).second)
				held.push_back(bind::claimGroup(*function));
	} catch (Error &error) {
		if (error.code == "P2P_IN_USE")
			error.code = "P2P_ACS_VFIO";
		throw;
	}
	return held;
}

}
