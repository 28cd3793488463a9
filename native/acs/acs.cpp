// SPDX-License-Identifier: MIT
#include "acs/acs.h"

#include "acs/aftermath.h"
#include "acs/book.h"
#include "acs/choose.h"
#include "acs/guard.h"
#include "acs/hand.h"
#include "acs/work.h"
#include "sys/error.h"
#include "sys/process.h"

#include <algorithm>

namespace acs
{

using sys::Error;

static void requireRoot(const Order &order)
{
	if (order.root.empty() && !sys::isRoot() && (order.restore || !order.dryRun))
		throw Error("P2P_NOT_ROOT", "only the superuser may change ACS bits",
			    {{"what", "ACS bits"}});
}

static bool isAnyNeeded(const std::vector<Step> &steps)
{
	return std::ranges::any_of(steps, &Step::isNeeded);
}

static Report report(const pci::Machine &machine, const Work &work)
{
	const auto after = machineAfter(machine, work.steps());
	Report report{.ports = {},
		      .rebound = {},
		      .stale = staleProviders(machine, after),
		      .groups = staleGroups(machine, after),
		      .isGuest = machine.guest && !machine.isLab,
		      .commands = work.commands()};

	for (const Step &step : work.steps())
		report.ports.push_back(
			{step.port->bdf, step.before, step.after, step.port->acs.capability});
	for (const pci::Function *function : work.rebound())
		report.rebound.push_back({function->bdf, function->driver});
	std::erase_if(report.stale, [&](const Driven &stale) {
		return std::ranges::count(report.rebound, stale.bdf, &Driven::bdf) > 0;
	});
	return report;
}

Report run(const Order &order)
{
	requireRoot(order);
	std::optional<Book> book;
	if (order.restore || !order.dryRun)
		book.emplace(order.root);
	const auto machine = pci::Machine::scan(order.root);
	auto steps = choose(order, machine, book ? &*book : nullptr);

	requireQuiet(order, machine, steps);
	if (!order.dryRun && isAnyNeeded(steps))
		requireWritable();
	Work work(order, machine, order.dryRun ? nullptr : &*book, std::move(steps));
	work.run();
	return report(machine, work);
}

std::vector<Changed> kept(const pci::Machine &machine)
{
	std::vector<Changed> ports;
	if (machine.source != "live")
		return ports;
	const auto book = Book::peek(machine.root);
	for (const pci::Function &function : machine.functions)
		if (const auto control = book ? book->find(function) : std::nullopt)
			ports.push_back({function.bdf, *control, function.acs.control,
					 function.acs.capability});
	return ports;
}

}
