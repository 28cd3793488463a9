// SPDX-License-Identifier: MIT
#include "acs/work.h"

#include "acs/guard.h"
#include "sys/error.h"

#include <algorithm>
#include <functional>

namespace acs
{

using sys::Error;
using Functions = std::vector<const pci::Function *>;

static Functions functionsOf(const pci::Machine &machine, const std::vector<std::string> &names)
{
	Functions functions;
	for (const auto &name : names)
		if (const auto *function = &machine.find(name);
		    !std::ranges::count(functions, function))
			functions.push_back(function);
	return functions;
}

static void addLine(std::string &text, const std::string &line)
{
	text += (text.empty() ? "" : "\n") + line;
}

Work::Work(const Order &order, const pci::Machine &machine, const Book *book,
	   std::vector<Step> steps)
    : order_(order), machine_(machine), book_(book), steps_(std::move(steps)),
      rebound_(functionsOf(machine, order.rebind)), rebinding_(order.root, rebound_, order.dryRun),
      hand_(order.dryRun)
{
}

void Work::run()
{
	try {
		// A driver that is away asks for no verdict between two states.
		rebinding_.release();
		leaving_ = rebinding_.commands().size();
		changeAll();
		rebinding_.rejoin();
		settle();
	} catch (Error &error) {
		error.facts["left"] = rollBack();
		for (const auto &command : commands())
			addLine(error.facts["commands"], command);
		throw;
	}
}

void Work::changeAll()
{
	const auto held = holdGroups(order_, machine_, steps_, rebound_);
	// The first record stands: --restore leads back to what was before all of our changes.
	for (const Step &step : steps_)
		if (book_ && step.isNeeded() && !step.hadRecord)
			book_->keep(*step.port, step.before);
	for (const Step &step : steps_) {
		if (step.isNeeded())
			hand_.requireUnchanged(*step.port, step.before);
		started_++;
		if (step.isNeeded())
			hand_.write(*step.port, step.before, step.after);
	}
}

void Work::settle() const
{
	for (const Step &step : steps_)
		if (book_ && (order_.restore || book_->find(*step.port) == step.after))
			book_->drop(*step.port);
}

std::string Work::rollBack()
{
	std::string left;
	const auto attempt = [&](const std::function<void()> &action) {
		try {
			action();
		} catch (const Error &error) {
			addLine(left, error.what());
		}
	};
	for (size_t i = started_; i-- > 0;)
		attempt([&] { undo(steps_[i]); });
	attempt([&] { rebinding_.rejoin(); });
	if (left.empty())
		attempt([&] {
			for (const Step &step : steps_)
				if (book_ && !step.hadRecord)
					book_->drop(*step.port);
		});
	return left;
}

void Work::undo(const Step &step)
{
	if (book_ && step.isNeeded())
		hand_.putBack(*step.port, step.before);
}

std::vector<std::string> Work::commands() const
{
	auto lines = rebinding_.commands();
	lines.insert(lines.begin() + static_cast<ptrdiff_t>(leaving_), hand_.commands().begin(),
		     hand_.commands().end());
	return lines;
}

}
