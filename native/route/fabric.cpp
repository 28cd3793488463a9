// SPDX-License-Identifier: MIT
// What the hardware does, decided where the two ways part: the port on the client's side turns
// requests round or sends them up, the port on the provider's side does so with completions.
#include "route/conditions.h"
#include "route/meeting.h"
#include "route/verdict.h"

#include <algorithm>
#include <linux/pci_regs.h>

namespace route
{

// The number by which an egress control vector knows a function: a port's number in its switch,
// a function's in its device.
static std::optional<unsigned> egressNumber(const pci::Function &function)
{
	if (function.role != pci::Role::downstreamPort)
		return function.bdf.function;
	const auto express = function.config.capability(PCI_CAP_ID_EXP);
	const auto link = function.config.u32(express.offset + PCI_EXP_LNKCAP);
	if (express.seen != pci::Seen::yes || !link)
		return std::nullopt;
	return *link >> 24;
}

static Turn turnRequest(const pci::Function &at, const pci::Acs &acs, const pci::Function &towards)
{
	const Turn redirect = acs.has(PCI_ACS_RR) ? Turn::redirected : Turn::direct;
	if (!acs.has(PCI_ACS_EC))
		return redirect;
	// With egress control on, its vector alone says which requests RR is for.
	const auto number = egressNumber(towards);
	const auto isStopped = number ? stopsEgress(at.config, acs, *number) : std::nullopt;
	if (!isStopped)
		return Turn::unknown;
	if (!*isStopped)
		return Turn::direct;
	return acs.has(PCI_ACS_RR) ? Turn::redirected : Turn::blocked;
}

static void blame(FabricView &view, const pci::Function &function, uint16_t bits)
{
	auto culprit = std::ranges::find(view.culprits, function.bdf, &Culprit::bdf);
	if (culprit == view.culprits.end())
		culprit = view.culprits.insert(culprit, {function.bdf, {}});
	for (const auto &name : pci::acsNames(bits))
		culprit->bits.push_back(name);
}

static void decideRequest(FabricView &view, const pci::Function &at, const pci::Function &towards,
			  std::vector<std::string> &missing)
{
	const pci::Acs &acs = at.acs;
	if (acs.seen != pci::Seen::unknown)
		view.request = turnRequest(at, acs, towards);
	if (view.request == Turn::unknown)
		missing.push_back(at.bdf.name() + " ACS");
	if (view.request == Turn::redirected)
		blame(view, at, acs.control & (PCI_ACS_RR | PCI_ACS_EC));
	if (view.request == Turn::blocked)
		blame(view, at, PCI_ACS_EC);
}

static void decideCompletion(FabricView &view, const pci::Function &at,
			     std::vector<std::string> &missing)
{
	const pci::Acs &acs = at.acs;
	if (acs.seen == pci::Seen::unknown) {
		missing.push_back(at.bdf.name() + " ACS");
		return;
	}
	view.completion = acs.has(PCI_ACS_CR) ? Turn::redirected : Turn::direct;
	if (view.completion == Turn::redirected)
		blame(view, at, PCI_ACS_CR);
}

// Conventional buses have no redirect: whoever decodes the address takes it.
static void decide(const pci::Machine &machine, const Meeting &meeting, FabricView &view,
		   std::vector<std::string> &missing)
{
	// What stands in a guest's tree is made up: nothing says what the hardware behind it does.
	if (machine.guest && !machine.isLab) {
		missing.push_back("hardware behind the guest");
		return;
	}
	if (!meeting.isCommon()) {
		view.request = view.completion = Turn::throughRoot;
		return;
	}
	const pci::Function *common = meeting.client[meeting.clientDepth];
	view.turnsAt = common->bdf;
	const bool climbs = meeting.clientDepth > 0, descends = meeting.providerDepth > 0;
	const bool isConventional = common->role == pci::Role::bridge;

	if (!climbs || isConventional)
		view.request = Turn::direct;
	else
		decideRequest(view, *meeting.client[meeting.clientDepth - 1],
			      descends ? *meeting.provider[meeting.providerDepth - 1] : *common,
			      missing);
	if (!descends || isConventional)
		view.completion = Turn::direct;
	else
		decideCompletion(view, *meeting.provider[meeting.providerDepth - 1], missing);
}

static Chain bridgesOf(const Meeting &meeting)
{
	Chain bridges;
	const size_t top = std::min(meeting.clientDepth + 1, meeting.client.size());
	for (size_t up = 1; up < top; up++)
		bridges.push_back(meeting.client[up]);
	for (size_t down = meeting.providerDepth; down-- > 1;)
		bridges.push_back(meeting.provider[down]);
	// Where one of the two stands above the other it ends the route and is no part of it.
	std::erase(bridges, meeting.provider.front());
	std::erase(bridges, meeting.client.front());
	return bridges;
}

FabricView fabricView(const pci::Machine &machine, const pci::Function &client,
		      const pci::Function &provider, std::vector<std::string> &missing)
{
	FabricView view;
	const auto meeting = meet(machine, client, provider, missing);
	if (!meeting)
		return view;

	const Chain bridges = bridgesOf(*meeting);
	for (const pci::Function *bridge : bridges)
		view.route.push_back(bridge->bdf);
	view.conditions = conditionsOf(machine, *meeting, bridges);
	decide(machine, *meeting, view, missing);
	const auto turnsUp = [](Turn t) { return t == Turn::redirected || t == Turn::throughRoot; };
	view.link = bottleneckOf(*meeting, turnsUp(view.request) || turnsUp(view.completion));
	return view;
}

FabricView fabricTurns(const pci::Machine &machine, const pci::Function &client,
		       const pci::Function &provider, std::vector<std::string> &missing)
{
	FabricView view;
	if (const auto meeting = meet(machine, client, provider, missing))
		decide(machine, *meeting, view, missing);
	return view;
}

}
