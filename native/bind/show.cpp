// SPDX-License-Identifier: MIT
#include "bind/show.h"

#include "bind/memory.h"
#include "sys/process.h"

namespace bind
{

static Functions select(const pci::Machine &machine, const std::vector<std::string> &names,
			bool group, const Memory &memory)
{
	auto functions = named(machine, names);
	if (names.empty())
		for (const pci::Function &function : machine.functions)
			if (memory.find(function) || memory.rules.isThere(function))
				functions.push_back(&function);
	if (group)
		takeAlong(functions, [&](const pci::Function &function) {
			return along(machine, function, "");
		});
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
