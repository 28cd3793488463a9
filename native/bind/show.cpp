// SPDX-License-Identifier: MIT
#include "bind/show.h"

#include "bind/memory.h"
#include "sys/process.h"

#include <algorithm>

namespace bind
{

using Functions = std::vector<const pci::Function *>;

static Functions select(const pci::Machine &machine, const std::vector<std::string> &names,
			bool group, const Memory &memory)
{
	Functions functions;
	const auto add = [&](const pci::Function *function) {
		if (std::ranges::count(functions, function) == 0)
			functions.push_back(function);
	};
	for (const auto &name : names)
		add(&machine.find(name));
	if (names.empty())
		for (const pci::Function &function : machine.functions)
			if (memory.find(function) || memory.rules.isThere(function))
				add(&function);
	if (group)
		for (size_t i = 0, named = functions.size(); i < named; i++)
			for (const auto *other : along(machine, *functions[i], ""))
				add(other);
	return functions;
}

static Shown describe(const std::string &root, const pci::Machine &machine,
		      const pci::Function &function, const Memory &memory)
{
	Shown shown{.bdf = function.bdf,
		    .names = function.names,
		    .classCode = function.classCode,
		    .now = readState(root, function.bdf),
		    .before = memory.find(function),
		    .rule = memory.rules.isThere(function) ? Rules::pathOf(function) : "",
		    .iommuGroup = function.iommuGroup,
		    .isViable = std::nullopt,
		    .companions = companionsOf(machine, function),
		    .uses = pci::usesOf(root, function)};
	shown.isViable = isViable(function, function.driver, shown.companions);
	return shown;
}

View show(const std::string &root, const std::vector<std::string> &names, bool group)
{
	const bool seesAll = !root.empty() || sys::isRoot();
	const auto machine = pci::Machine::scan(root);
	const Memory memory{.rules = Rules(root), .book = UndoBook::peek(root)};
	View view{.functions = {}, .seesProcesses = seesAll, .seesRecords = seesAll};

	for (const auto *function : select(machine, names, group, memory))
		view.functions.push_back(describe(root, machine, *function, memory));
	return view;
}

}
