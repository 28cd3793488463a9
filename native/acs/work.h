// SPDX-License-Identifier: MIT
// One run: drivers leave, ports change, drivers come back. Where anything fails all is put back, in
// reverse order; what cannot be put back keeps its record, and is told.
#pragma once

#include "acs/acs.h"
#include "acs/book.h"
#include "acs/hand.h"
#include "acs/step.h"
#include "bind/rebind.h"

#include <string>
#include <vector>

namespace acs
{

class Work
{
public:
	// Looks at the functions to be bound anew; nothing is touched. book: nullptr in a dry run.
	Work(const Order &order, const pci::Machine &machine, const Book *book,
	     std::vector<Step> steps);

	void run();

	const std::vector<Step> &steps() const { return steps_; }
	const std::vector<const pci::Function *> &rebound() const { return rebound_; }
	std::vector<std::string> commands() const;

private:
	void changeAll();
	void settle() const;
	std::string rollBack();
	void undo(const Step &step);

	const Order &order_;
	const pci::Machine &machine_;
	const Book *book_;
	std::vector<Step> steps_;
	std::vector<const pci::Function *> rebound_;
	bind::Rebinding rebinding_;
	Hand hand_;
	size_t started_ = 0; // steps that may have been taken
	size_t leaving_ = 0; // commands by which drivers left
};

}
