// SPDX-License-Identifier: MIT
#include "pci/device_private.h"

#include "pci/function.h"
#include "sys/file.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <sstream>

namespace pci
{

namespace
{

struct Region {
	uint64_t start = 0, end = 0; // end is the last byte; both 0 where they are not for us
	std::string name;
};

}

// Lines further in are parts of other regions: BARs stand below their bus.
static std::vector<Region> topRegions(const std::string &root)
{
	std::istringstream lines(sys::readText(root + "/proc/iomem").value_or(""));
	std::vector<Region> regions;
	for (std::string line; std::getline(lines, line);) {
		Region region;
		int length = 0;
		if (!line.starts_with(' ') && sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " : %n",
						     &region.start, &region.end, &length) == 2) {
			region.name = line.substr(static_cast<size_t>(length));
			regions.push_back(region);
		}
	}
	return regions;
}

// Is it a BAR of the function's, where no bus stands above?
static bool isBar(const Function &function, const Region &region)
{
	return std::ranges::any_of(function.bars, [&](const Bar &bar) {
		return bar.start != 0 && bar.start <= region.start &&
		       region.end <= bar.start + bar.size - 1;
	});
}

// nouveau's regions bear no function's name: its only function's, where there is one.
static Function *ownerOf(Machine &machine, const Region &region)
{
	Function *owner = nullptr;
	const bool isNouveau = region.name.starts_with("nouveau");
	for (auto &function : machine.functions) {
		const bool isIts = isNouveau ? function.driver == "nouveau"
					     : function.bdf.name() == region.name;
		if (!isIts || !hasMemoryOfItsOwn(function) || isBar(function, region))
			continue;
		if (owner)
			return nullptr;
		owner = &function;
	}
	return owner;
}

void readDevicePrivate(Machine &machine)
{
	if (!std::ranges::any_of(machine.functions, hasMemoryOfItsOwn))
		return;
	for (const auto &region : topRegions(machine.root)) {
		auto *owner = ownerOf(machine, region);
		if (!owner)
			continue;
		if (!owner->devicePrivate)
			owner->devicePrivate.emplace();
		auto &bytes = owner->devicePrivate->bytes;
		if (region.end > 0)
			bytes = bytes.value_or(0) + (region.end - region.start + 1);
	}
}

}
