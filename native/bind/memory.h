// SPDX-License-Identifier: MIT
// What p2p-bind has changed of a machine: its records of this boot, and rules that outlive it.
#pragma once

#include "bind/rules.h"
#include "bind/undo.h"

#include <optional>

namespace bind
{

struct Memory {
	Rules rules;
	std::optional<UndoBook> book; // none in a dry run, or where this user may not know

	// What was before the first of our changes: a rule is as old as a record, or older.
	std::optional<State> find(const pci::Function &function) const
	{
		if (auto state = rules.find(function))
			return state;
		return book ? book->find(function) : std::nullopt;
	}
};

}
