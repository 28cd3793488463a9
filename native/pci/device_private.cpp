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
	std::string name{};
	bool isNested = false; // part of another: BARs stand below their bus
};

}

static std::vector<Region> readRegions(const std::string &root)
{
	std::istringstream lines(sys::readText(root + "/proc/iomem").value_or(""));
	std::vector<Region> regions;
	for (std::string line; std::getline(lines, line);) {
		Region region{.isNested = line.starts_with(' ')};
		int length = 0;
		if (sscanf(line.c_str(), " %" SCNx64 "-%" SCNx64 " : %n", &region.start,
			   &region.end, &length) == 2) {
			region.name = line.substr(static_cast<size_t>(length));
			regions.push_back(region);
		}
	}
	return regions;
}

static bool isNouveaus(const Region &region)
{
	return region.name.starts_with("nouveau");
}

// Without addresses a function's line may be a BAR that no bus stands above, unless its BARs are
// seen to stand below one.
static bool mayBeBar(const std::vector<Region> &regions, const Region &region)
{
	if (region.end != 0 || isNouveaus(region))
		return false;
	return std::ranges::none_of(regions, [&](const Region &other) {
		return other.isNested && other.name == region.name;
	});
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
	for (auto &function : machine.functions) {
		const bool isIts = isNouveaus(region) ? function.driver == "nouveau"
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
	const auto regions = readRegions(machine.root);
	for (const auto &region : regions) {
		if (region.isNested || mayBeBar(regions, region))
			continue;
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
