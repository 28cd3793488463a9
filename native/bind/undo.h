// SPDX-License-Identifier: MIT
// What p2p-bind has changed, so that it can be undone, after a crash too.
#pragma once

#include "bind/records.h"
#include "bind/state.h"

#include <optional>
#include <string>

namespace bind
{

class UndoBook
{
public:
	explicit UndoBook(const std::string &root) : records_(root, "bind") {}

	// As Records has them.
	static std::optional<UndoBook> peek(const std::string &root);
	std::optional<State> find(const pci::Function &function) const;
	void keep(const pci::Function &function, const State &state) const;
	void drop(const pci::Function &function) const { records_.drop(function); }

private:
	explicit UndoBook(Records records) : records_(std::move(records)) {}

	Records records_;
};

}
