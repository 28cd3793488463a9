// SPDX-License-Identifier: MIT
#include "bind/undo.h"

namespace bind
{

std::optional<UndoBook> UndoBook::peek(const std::string &root)
{
	auto records = Records::peek(root, "bind");
	if (!records)
		return std::nullopt;
	return UndoBook(std::move(*records));
}

std::optional<State> UndoBook::find(const pci::Function &function) const
{
	auto values = records_.find(function);
	if (!values)
		return std::nullopt;
	return State{.driver = (*values)["driver"], .driverOverride = (*values)["driver_override"]};
}

void UndoBook::keep(const pci::Function &function, const State &state) const
{
	records_.keep(function,
		      {{"driver", state.driver}, {"driver_override", state.driverOverride}});
}

}
