// SPDX-License-Identifier: MIT
#include "route/fix.h"

#include <algorithm>
#include <linux/pci_regs.h>

namespace route
{

constexpr uint16_t redirectBits = PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC;

// The kernel wants all three clear in every function that it inspects; the fabric asks for no more.
static std::vector<Change> changesFor(const pci::Machine &machine, const Verdict &verdict)
{
	std::vector<pci::Bdf> bdfs = verdict.kernel.redirects;
	for (const auto &culprit : verdict.fabric.culprits)
		bdfs.push_back(culprit.bdf);
	std::ranges::sort(bdfs);
	const auto twice = std::ranges::unique(bdfs);
	bdfs.erase(twice.begin(), twice.end());

	std::vector<Change> changes;
	for (const auto &bdf : bdfs)
		changes.push_back(
			{bdf, static_cast<uint16_t>(machine.at(bdf).acs.control & redirectBits),
			 0});
	return changes;
}

static std::string obstacleFor(const pci::Machine &machine, const Fix &fix)
{
	if (fix.after.word == Word::direct)
		return "";
	if (machine.guest && !machine.isLab)
		return "guest";
	if (!fix.after.missing.empty())
		return "not-read";
	return "no-common-bridge";
}

Fix fix(const pci::Machine &machine, const pci::Function &client, const pci::Function &provider)
{
	Fix result;
	result.before = verdict(machine, client, provider);
	result.changes = changesFor(machine, result.before);

	const auto copy = changed(machine, result.changes);
	result.after = verdict(copy, copy.at(client.bdf), copy.at(provider.bdf));
	result.obstacle = obstacleFor(machine, result);
	result.merged = mergedGroups(machine, copy);
	if (!result.obstacle.empty() || result.before.word == Word::direct) {
		result.changes.clear();
		result.after = result.before;
		result.merged.reset();
	}
	return result;
}

pci::Machine changed(pci::Machine machine, const std::vector<Change> &changes)
{
	for (const auto &[bdf, clear, set] : changes) {
		const auto found = std::ranges::find(machine.functions, bdf, &pci::Function::bdf);
		if (found == machine.functions.end())
			continue;
		const auto control = static_cast<uint16_t>((found->acs.control & ~clear) | set);
		found->config.setU16(found->acs.offset + size_t{PCI_ACS_CTRL}, control);
		found->acs.control = control;
	}
	return machine;
}

}
