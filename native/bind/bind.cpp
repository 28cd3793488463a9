// SPDX-License-Identifier: MIT
#include "bind/bind.h"

#include "bind/hand.h"
#include "bind/plan.h"
#include "bind/refuse.h"
#include "pci/machine.h"
#include "pci/usage.h"
#include "sys/error.h"
#include "sys/process.h"

#include <algorithm>

namespace bind
{

using sys::Error;
using Steps = std::vector<Step>;

// Every function is looked at before the first one is touched.
static void checkAll(const Order &order, Steps &steps)
{
	std::vector<pci::Use> uses;
	for (Step &step : steps) {
		if (!step.isNeeded())
			continue;
		for (auto &use : pci::usesOf(order.root, *step.function))
			uses.push_back(std::move(use));
	}
	if (!uses.empty())
		throw pci::inUse(uses);
	// A dry run opens nothing, and another machine's disks are not here.
	if (order.dryRun || !order.root.empty())
		return;
	for (Step &step : steps)
		if (step.isNeeded())
			step.claims = claim(*step.function);
}

// Rules are for drivers that take what driver_override gives them; others find their functions by
// themselves.
static std::vector<Rule> rulesOf(const Order &order, const Steps &steps)
{
	std::vector<Rule> rules;
	if (order.persist == Persist::no)
		return rules;
	const std::string name = stateFor(order.driver).driverOverride;
	if (name.empty())
		throw Error("P2P_NOT_KEPT", order.driver + " needs no rule",
			    {{"driver", order.driver}});
	for (const Step &step : steps)
		rules.push_back({.bdf = step.function->bdf,
				 .path = Rules::pathOf(*step.function),
				 .text = Rules::textOf(*step.function, name,
						       step.kept.value_or(step.before))});
	return rules;
}

static void requirePlaces(const Order &order, const Steps &steps, const Memory &memory)
{
	if (order.dryRun)
		return;
	for (const Step &step : steps)
		if (order.persist == Persist::install || (order.restore && step.hadRule))
			memory.rules.requirePlace(*step.function);
}

static void keep(const Step &step, const Memory &memory)
{
	// The first record stands: --restore leads back to what was before all of our changes.
	if (memory.book && !step.hadRecord)
		memory.book->keep(*step.function, step.before);
}

static void settle(const Order &order, const Step &step, const Memory &memory)
{
	if (order.restore)
		memory.rules.remove(*step.function);
	const auto kept = memory.book->find(*step.function);
	if (order.restore || kept == readState(order.root, step.function->bdf))
		memory.book->drop(*step.function);
}

// In reverse order; what cannot be undone stays in the undo file, and is told.
static std::string rollBack(Hand &hand, const Steps &steps, size_t started, const Memory &memory)
{
	std::string left;
	for (size_t i = started; i-- > 0;) {
		const Step &step = steps[i];
		try {
			hand.bring(step.function->bdf, step.before);
			if (memory.book && !step.hadRecord)
				memory.book->drop(*step.function);
		} catch (const Error &error) {
			left += (left.empty() ? "" : "\n") + std::string(error.what());
		}
	}
	return left;
}

static std::string join(const std::vector<std::string> &lines)
{
	std::string text;
	for (const auto &line : lines)
		text += (text.empty() ? "" : "\n") + line;
	return text;
}

// Once all functions are where they belong; all of the files or none.
static void installAll(Hand &hand, const Steps &steps, const Memory &memory,
		       std::vector<Rule> &rules)
{
	std::vector<std::optional<std::string>> before;
	try {
		for (size_t i = 0; i < rules.size(); i++) {
			const auto &function = *steps[i].function;
			hand.tell(memory.rules.installing(rules[i]));
			if (!memory.book)
				continue;
			auto old = memory.rules.read(function);
			memory.rules.install(function, rules[i].text);
			before.push_back(std::move(old));
			rules[i].isInstalled = true;
		}
	} catch (const Error &) {
		for (size_t i = 0; i < before.size(); i++)
			if (before[i])
				memory.rules.install(*steps[i].function, *before[i]);
			else
				memory.rules.remove(*steps[i].function);
		throw;
	}
}

static void bringAll(const Order &order, Hand &hand, Steps &steps, const Memory &memory,
		     std::vector<Rule> &rules)
{
	size_t started = 0;
	try {
		for (Step &step : steps) {
			if (step.before == step.to)
				continue;
			keep(step, memory);
			started = static_cast<size_t>(&step - steps.data()) + 1;
			hand.bring(step.function->bdf, step.to, std::move(step.claims));
		}
		if (order.persist == Persist::install)
			installAll(hand, steps, memory, rules);
	} catch (Error &error) {
		error.facts["left"] = rollBack(hand, steps, started, memory);
		error.facts["commands"] = join(hand.commands());
		throw;
	}
}

static Bound describe(const Order &order, const pci::Machine &machine, const Step &step)
{
	Bound bound{.bdf = step.function->bdf,
		    .before = step.before.driver,
		    .after = order.dryRun ? step.to.driver
					  : readState(order.root, step.function->bdf).driver,
		    .iommuGroup = step.function->iommuGroup,
		    .isViable = std::nullopt,
		    .companions = companionsOf(machine, *step.function)};
	bound.isViable = isViable(*step.function, bound.after, bound.companions);
	return bound;
}

// In a dry run the companions that go along are described as they would be.
static pci::Machine machineAfter(const Order &order, const Steps &steps)
{
	auto machine = pci::Machine::scan(order.root);
	if (!order.dryRun)
		return machine;
	for (const Step &step : steps)
		for (pci::Function &function : machine.functions)
			if (function.bdf == step.function->bdf)
				function.driver = step.to.driver;
	return machine;
}

static Report reportOf(const Order &order, const Steps &steps, const Memory &memory,
		       std::vector<Rule> rules, Hand &hand)
{
	const auto after = machineAfter(order, steps);
	Report report{.functions = {},
		      .rules = std::move(rules),
		      .keeping = {},
		      .commands = hand.commands()};
	for (const Step &step : steps)
		report.functions.push_back(describe(order, after, step));
	for (const Rule &rule : report.rules)
		report.keeping.push_back(memory.rules.installing(rule));
	return report;
}

Report run(const Order &order)
{
	if (order.root.empty() && !sys::isRoot() && (order.restore || !order.dryRun))
		throw Error("P2P_NOT_ROOT", "only the superuser may change drivers");

	const auto machine = pci::Machine::scan(order.root);
	Memory memory{.rules = Rules(order.root), .book = std::nullopt};
	if (order.dryRun)
		memory.book = UndoBook::peek(order.root);
	else
		memory.book.emplace(order.root);

	auto steps = plan(order, machine, memory);
	auto rules = rulesOf(order, steps);
	checkAll(order, steps);
	requirePlaces(order, steps, memory);
	if (order.dryRun)
		memory.book.reset();

	Hand hand(order.root, order.dryRun);
	for (const Step &step : steps)
		if (step.isNeeded())
			hand.load(step.to.driver);
	bringAll(order, hand, steps, memory, rules);
	for (const Step &step : steps) {
		if (order.restore && step.hadRule)
			hand.tell(Rules::removing(*step.function));
		if (!order.dryRun)
			settle(order, step, memory);
	}
	return reportOf(order, steps, memory, std::move(rules), hand);
}

}
