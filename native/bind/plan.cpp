// SPDX-License-Identifier: MIT
#include "bind/plan.h"

#include "sys/error.h"

namespace bind
{

using sys::Error;

static Functions changed(const pci::Machine &machine, const Memory &memory)
{
	Functions functions;
	for (const pci::Function &function : machine.functions)
		if (memory.find(function) || memory.rules.isThere(function))
			functions.push_back(&function);
	return functions;
}

// Of companions --restore takes those that were changed.
static Functions companions(const Order &order, const pci::Machine &machine,
			    const pci::Function &function, const Memory &memory)
{
	auto others = along(machine, function, order.restore ? "" : order.driver);
	if (order.restore)
		std::erase_if(others, [&](const auto *other) { return !memory.find(*other); });
	return others;
}

static Functions meant(const Order &order, const pci::Machine &machine, const Memory &memory)
{
	if (order.restore && order.functions.empty())
		return changed(machine, memory);
	auto functions = named(machine, order.functions);
	if (order.group)
		takeAlong(functions, [&](const pci::Function &function) {
			return companions(order, machine, function, memory);
		});
	return functions;
}

static State target(const Order &order, const pci::Function &function,
		    const std::optional<State> &kept)
{
	if (!order.restore)
		return stateFor(order.driver);
	if (kept)
		return *kept;
	throw Error("P2P_NOTHING_TO_RESTORE", "nothing is kept for " + function.bdf.name(),
		    {{"bdf", function.bdf.name()}});
}

static Step planOne(const Order &order, const pci::Function &function, const Memory &memory)
{
	const auto kept = memory.find(function);
	const auto before = readState(order.root, function.bdf);
	const bool hadRule = memory.rules.isThere(function);
	// A rule of another function that sat in this place goes, and the driver stays.
	const auto back = !kept && hadRule ? before : kept;
	Step step{.function = &function,
		  .before = before,
		  .to = target(order, function, back),
		  .kept = kept,
		  .hadRecord = memory.book && memory.book->find(function),
		  .hadRule = hadRule};

	// Bound already: nothing is touched, the override neither.
	if (!order.restore && !step.isNeeded())
		step.to = step.before;
	return step;
}

std::vector<Step> plan(const Order &order, const pci::Machine &machine, const Memory &memory)
{
	std::vector<Step> steps;
	for (const auto *function : meant(order, machine, memory))
		steps.push_back(planOne(order, *function, memory));
	if (steps.empty())
		throw Error("P2P_NOTHING_TO_RESTORE", "nothing is kept", {{"name", "p2p-bind"}});
	return steps;
}

}
