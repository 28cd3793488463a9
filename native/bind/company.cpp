// SPDX-License-Identifier: MIT
#include "bind/company.h"

#include "pci/function.h"
#include "pci/usage.h"

#include <algorithm>

namespace bind
{

// What lies below a bridge needs it; bridges to ISA and the like have the role of an endpoint.
static bool mayCome(const pci::Function &function)
{
	constexpr uint32_t classBridge = 0x06;
	return pci::isEndpoint(function) && function.classCode >> 16 != classBridge;
}

static bool isCompanion(const pci::Function &function, const pci::Function &other)
{
	return function.iommuGroup && other.iommuGroup == function.iommuGroup &&
	       other.bdf != function.bdf;
}

std::vector<Companion> companionsOf(const pci::Machine &machine, const pci::Function &function)
{
	std::vector<Companion> companions;
	for (const pci::Function &other : machine.functions)
		if (isCompanion(function, other))
			companions.push_back({.bdf = other.bdf,
					      .driver = other.driver,
					      .hinders = !pci::leavesGroup(other.driver),
					      .mayCome = mayCome(other)});
	return companions;
}

std::optional<bool> isViable(const pci::Function &function, const std::string &driver,
			     const std::vector<Companion> &companions)
{
	if (!function.iommuGroup)
		return std::nullopt;
	return pci::leavesGroup(driver) && std::ranges::none_of(companions, &Companion::hinders);
}

Functions along(const pci::Machine &machine, const pci::Function &function,
		const std::string &driver)
{
	const bool isForVfio = pci::isVfioDriver(driver);
	Functions others;
	for (const pci::Function &other : machine.functions) {
		const bool isAtRest =
			isForVfio && !other.driver.empty() && pci::leavesGroup(other.driver);
		if (isCompanion(function, other) && mayCome(other) && !isAtRest)
			others.push_back(&other);
	}
	return others;
}

static void add(Functions &functions, const pci::Function *function)
{
	if (std::ranges::count(functions, function) == 0)
		functions.push_back(function);
}

Functions named(const pci::Machine &machine, const std::vector<std::string> &names)
{
	Functions functions;
	for (const auto &name : names)
		add(functions, &machine.find(name));
	return functions;
}

void takeAlong(Functions &functions,
	       const std::function<Functions(const pci::Function &)> &companions)
{
	const Functions first = functions;
	for (const auto *function : first)
		for (const auto *other : companions(*function))
			add(functions, other);
}

}
