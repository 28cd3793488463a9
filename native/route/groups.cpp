// SPDX-License-Identifier: MIT
#include "route/groups.h"

#include "pci/function.h"
#include "route/isolation.h"

#include <algorithm>
#include <linux/pci_regs.h>
#include <map>
#include <set>

namespace route
{

// Beyond that, domains are made up by the VMD driver, whose one function does all the DMA.
constexpr uint32_t firstVmdDomain = 0x10000;

namespace
{

class Prediction
{
public:
	explicit Prediction(const pci::Machine &machine)
	    : machine_(machine), groups_(machine.functions.size())
	{
		for (size_t i = 0; i < groups_.size(); i++)
			groups_[i] = groupOf(machine.functions[i]);
	}

	std::vector<std::optional<size_t>> take() { return std::move(groups_); }

private:
	const pci::Function *above(const pci::Function &function) const
	{
		return function.parent ? machine_.lookUp(*function.parent) : nullptr;
	}

	std::optional<size_t> given(const pci::Function &function) const
	{
		return groups_[static_cast<size_t>(&function - machine_.functions.data())];
	}

	// Bridges that put their own number on what they pass up; nullopt where that was not read.
	static std::optional<bool> aliases(const pci::Function &bridge)
	{
		if (bridge.config.capability(PCI_CAP_ID_EXP).seen == pci::Seen::unknown)
			return std::nullopt;
		const auto type = pci::expressType(bridge);
		return !type || *type == PCI_EXP_TYPE_PCI_BRIDGE ||
		       *type == PCI_EXP_TYPE_PCIE_BRIDGE;
	}

	// From that bridge to the root; nullopt where an unread one would decide.
	std::optional<bool> isPathIsolated(const pci::Function &bridge) const
	{
		bool isWhole = true;
		for (const auto *at = &bridge; at; at = above(*at)) {
			const auto isolated = isIsolated(machine_, *at);
			if (isolated == false)
				return false;
			isWhole = isWhole && isolated;
		}
		return isWhole ? std::optional(true) : std::nullopt;
	}

	// Functions of the same device that are not isolated either.
	std::optional<size_t> siblingGroup(const pci::Function &function, bool &isKnown) const
	{
		if (!isMultifunction(machine_, function))
			return std::nullopt;
		const auto own = isIsolated(machine_, function);
		isKnown = own.has_value();
		if (own.value_or(true))
			return std::nullopt;
		pci::Bdf bdf = function.bdf;
		for (bdf.function = 0; bdf.function < 8; bdf.function++) {
			const auto *other = machine_.lookUp(bdf);
			if (!other || other == &function || !given(*other))
				continue;
			const auto isolated = isIsolated(machine_, *other);
			isKnown = isKnown && isolated;
			if (isolated == false)
				return given(*other);
		}
		return std::nullopt;
	}

	std::optional<size_t> groupOf(const pci::Function &function)
	{
		if (!function.iommuGroup || function.bdf.domain >= firstVmdDomain)
			return std::nullopt;

		const pci::Function *leader = &function;
		for (const auto *at = above(function); at; at = above(*at)) {
			const auto isAlias = aliases(*at);
			if (!isAlias)
				return std::nullopt;
			if (!*isAlias)
				continue;
			leader = at;
			if (given(*leader))
				return given(*leader);
		}
		for (const auto *at = above(*leader); at; at = above(*at)) {
			const auto isolated = isPathIsolated(*at);
			if (!isolated)
				return std::nullopt;
			if (*isolated)
				break;
			leader = at;
			if (given(*leader))
				return given(*leader);
		}
		bool isKnown = true;
		const auto sibling = siblingGroup(*leader, isKnown);
		if (!isKnown)
			return std::nullopt;
		return sibling ? sibling : next_++;
	}

	const pci::Machine &machine_;
	std::vector<std::optional<size_t>> groups_;
	size_t next_ = 0;
};

}

std::vector<std::optional<size_t>> predictGroups(const pci::Machine &machine)
{
	return Prediction(machine).take();
}

using Groups = std::map<size_t, Members>;

static Groups membersOf(const pci::Machine &machine,
			const std::vector<std::optional<size_t>> &numbers)
{
	Groups groups;
	for (size_t i = 0; i < numbers.size(); i++)
		if (numbers[i])
			groups[*numbers[i]].push_back(machine.functions[i].bdf);
	return groups;
}

std::vector<Difference> groupDifferences(const pci::Machine &machine)
{
	const auto numbers = predictGroups(machine);
	const auto predicted = membersOf(machine, numbers);
	std::map<int, std::pair<Members, std::set<size_t>>> kernel;
	std::set<int> unknown;

	for (size_t i = 0; i < numbers.size(); i++) {
		const auto &function = machine.functions[i];
		if (!function.iommuGroup)
			continue;
		auto &[members, others] = kernel[*function.iommuGroup];
		members.push_back(function.bdf);
		if (numbers[i])
			others.insert(*numbers[i]);
		else
			unknown.insert(*function.iommuGroup);
	}

	std::vector<Difference> differences;
	for (const auto &[group, found] : kernel) {
		const auto &[members, others] = found;
		if (unknown.contains(group) ||
		    (others.size() == 1 && predicted.at(*others.begin()) == members))
			continue;
		Difference difference{group, members, {}};
		for (const size_t other : others)
			difference.predicted.push_back(predicted.at(other));
		differences.push_back(std::move(difference));
	}
	return differences;
}

std::optional<std::vector<Members>> mergedGroups(const pci::Machine &before,
						 const pci::Machine &after)
{
	const auto was = predictGroups(before), is = predictGroups(after);
	for (size_t i = 0; i < is.size(); i++)
		if (before.functions[i].iommuGroup && (!was[i] || !is[i]))
			return std::nullopt;
	if (!before.hasIommu.value_or(false))
		return std::nullopt;

	std::map<size_t, std::set<size_t>> sources;
	for (size_t i = 0; i < is.size(); i++)
		if (is[i])
			sources[*is[i]].insert(*was[i]);
	std::vector<Members> merged;
	for (const auto &[group, members] : membersOf(after, is))
		if (sources[group].size() > 1)
			merged.push_back(members);
	return merged;
}

}
