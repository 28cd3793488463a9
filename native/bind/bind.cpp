// SPDX-License-Identifier: MIT
#include "bind/bind.h"

#include "bind/hand.h"
#include "bind/refuse.h"
#include "bind/state.h"
#include "bind/undo.h"
#include "pci/machine.h"
#include "pci/usage.h"
#include "sys/error.h"
#include "sys/process.h"

#include <algorithm>
#include <array>

namespace bind
{

using sys::Error;

// One function on its way.
struct Step {
	const pci::Function *function;
	State before, to;
	bool hadRecord = false;
	std::vector<sys::Fd> claims = {};

	bool isNeeded() const { return before.driver != to.driver; }
};

static State target(const Order &order, const pci::Function &function, const UndoBook *book)
{
	if (!order.restore)
		return stateFor(order.driver);
	if (const auto state = book ? book->find(function) : std::nullopt)
		return *state;
	throw Error("P2P_NOTHING_TO_RESTORE", "nothing is kept for " + function.bdf.name(),
		    {{"bdf", function.bdf.name()}});
}

static Step plan(const Order &order, const pci::Function &function, const UndoBook *book)
{
	Step step{.function = &function,
		  .before = readState(order.root, function.bdf),
		  .to = target(order, function, book)};

	// Bound already: nothing is touched, the override neither.
	if (!order.restore && !step.isNeeded())
		step.to = step.before;
	step.hadRecord = book && book->find(function);
	return step;
}

static std::vector<Step> planAll(const Order &order, const pci::Machine &machine,
				 const UndoBook *book)
{
	std::vector<Step> steps;
	for (const auto &name : order.functions) {
		const pci::Function &function = machine.find(name);
		const auto isSame = [&](const Step &s) { return s.function == &function; };
		if (std::ranges::none_of(steps, isSame))
			steps.push_back(plan(order, function, book));
	}
	return steps;
}

// Every function is looked at before the first one is touched.
static void checkAll(const Order &order, std::vector<Step> &steps)
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

static void keep(const Step &step, const UndoBook *book)
{
	// The first record stands: --restore leads back to what was before all of our changes.
	if (book && !step.hadRecord)
		book->keep(*step.function, step.before);
}

static void settle(const Order &order, const Step &step, const UndoBook &book)
{
	const auto kept = book.find(*step.function);
	if (order.restore || kept == readState(order.root, step.function->bdf))
		book.drop(*step.function);
}

// In reverse order; what cannot be undone stays in the undo file, and is told.
static std::string rollBack(Hand &hand, const std::vector<Step> &steps, size_t started,
			    const UndoBook *book)
{
	std::string left;
	for (size_t i = started; i-- > 0;) {
		const Step &step = steps[i];
		try {
			hand.bring(step.function->bdf, step.before);
			if (book && !step.hadRecord)
				book->drop(*step.function);
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

static void bringAll(Hand &hand, std::vector<Step> &steps, const UndoBook *book)
{
	size_t started = 0;
	try {
		for (Step &step : steps) {
			if (step.before == step.to)
				continue;
			keep(step, book);
			started = static_cast<size_t>(&step - steps.data()) + 1;
			hand.bring(step.function->bdf, step.to, std::move(step.claims));
		}
	} catch (Error &error) {
		error.facts["left"] = rollBack(hand, steps, started, book);
		error.facts["commands"] = join(hand.commands());
		throw;
	}
}

// Drivers that leave a group to VFIO because they start no DMA of their own.
static bool leavesViable(const std::string &driver)
{
	static const std::array harmless = {"", "pcieport", "pci-stub", "pci-pf-stub"};
	return std::ranges::find(harmless, driver) != harmless.end() || pci::isVfioDriver(driver);
}

static Bound describe(const Order &order, const pci::Machine &machine, const Step &step)
{
	Bound bound{.bdf = step.function->bdf,
		    .before = step.before.driver,
		    .after = order.dryRun ? step.to.driver
					  : readState(order.root, step.function->bdf).driver,
		    .iommuGroup = step.function->iommuGroup,
		    .isViable = std::nullopt,
		    .companions = {}};
	if (!bound.iommuGroup)
		return bound;

	bound.isViable = leavesViable(bound.after);
	for (const pci::Function &other : machine.functions) {
		if (other.iommuGroup != bound.iommuGroup || other.bdf == bound.bdf)
			continue;
		const bool hinders = !leavesViable(other.driver);
		bound.companions.push_back({other.bdf, other.driver, hinders});
		bound.isViable = *bound.isViable && !hinders;
	}
	return bound;
}

// In a dry run the companions that go along are described as they would be.
static pci::Machine machineAfter(const Order &order, const std::vector<Step> &steps)
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

Report run(const Order &order)
{
	if (order.root.empty() && !sys::isRoot() && (order.restore || !order.dryRun))
		throw Error("P2P_NOT_ROOT", "only the superuser may change drivers");

	const auto machine = pci::Machine::scan(order.root);
	std::optional<UndoBook> kept;
	if (order.restore || !order.dryRun)
		kept.emplace(order.root);
	const UndoBook *book = kept ? &*kept : nullptr;

	auto steps = planAll(order, machine, book);
	checkAll(order, steps);
	Hand hand(order.root, order.dryRun);
	for (const Step &step : steps)
		if (step.isNeeded())
			hand.load(step.to.driver);
	bringAll(hand, steps, order.dryRun ? nullptr : book);
	if (!order.dryRun)
		for (const Step &step : steps)
			settle(order, step, *book);

	const auto after = machineAfter(order, steps);
	Report report{.functions = {}, .commands = hand.commands()};
	for (const Step &step : steps)
		report.functions.push_back(describe(order, after, step));
	return report;
}

}
