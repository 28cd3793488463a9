// SPDX-License-Identifier: MIT
#include "paper/lspci.h"

#include "paper/place.h"
#include "paper/reader.h"
#include "paper/space.h"

#include <algorithm>

namespace paper
{

static void takeFunctions(Reader &reader, pci::Machine &machine)
{
	// The picture is the least of what stands there.
	reader.records.merge(reader.tree.functions);
	for (auto &[bdf, record] : reader.tree.functions) {
		auto &known = reader.records.at(bdf);
		merge(record, std::move(known));
		known = std::move(record);
	}
	for (auto &[bdf, record] : reader.records)
		machine.functions.push_back(functionOf(bdf, std::move(record)));
}

static void takeGroups(const Surroundings &around, pci::Machine &machine)
{
	for (auto &function : machine.functions) {
		const auto group = around.groups.find(function.bdf);
		if (!function.iommuGroup && group != around.groups.end())
			function.iommuGroup = group->second;
		if (function.iommuGroup || around.hasIommu)
			machine.hasIommu = true;
		if (function.driver == "vfio-pci")
			machine.hasVfioPci = true;
	}
}

// What stands for a host bridge is the first function of its bus: in an excerpt another may seem
// to be it.
static void findCutBuses(const Reader &reader, pci::Machine &machine)
{
	std::set<std::string> drawn;
	for (const auto &function : machine.functions) {
		const bool isFirst =
			function.bdf.device == 0 && function.bdf.function == 0 && !function.parent;
		if (isFirst || reader.tree.roots.contains({function.bdf.domain, function.bdf.bus}))
			drawn.insert(function.rootBus);
	}
	for (const auto &function : machine.functions)
		if (!reader.isWholeListing && !function.rootBus.empty() && !function.parent &&
		    drawn.insert(function.rootBus).second)
			machine.cutBuses.push_back(function.rootBus);
}

pci::Machine readLspci(std::string_view text)
{
	pci::Machine machine;
	Reader reader(machine);
	Lines lines(text);

	machine.source = "lspci";
	for (Line line; lines.next(line);)
		reader.read(line);
	reader.end(lines.endsShort());
	takeFunctions(reader, machine);
	takeGroups(reader.around, machine);
	place(machine.functions, reader.tree);
	findCutBuses(reader, machine);
	machine.reading = reader.reading;
	machine.finish();
	assumeProcessor(machine);
	machine.makePlain();
	return machine;
}

}
