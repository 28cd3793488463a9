// SPDX-License-Identifier: MIT
// The kernel's own verdict, with all its oddities: the common function counts as well, whatever
// it is, and so do the endpoints themselves; nothing above it does.
#include "route/host_bridges.h"
#include "route/meeting.h"
#include "route/verdict.h"

#include <linux/pci_regs.h>

namespace route
{

constexpr uint16_t redirectBits = PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC;

// True where every inspected function's bits could be read.
static bool findRedirects(const Meeting &meeting, KernelView &view,
			  std::vector<std::string> &missing)
{
	bool isWhole = true;
	for (const pci::Function *function : inspected(meeting)) {
		const pci::Acs &acs = function->acs;
		if (acs.seen == pci::Seen::unknown) {
			missing.push_back(function->bdf.name() + " ACS");
			isWhole = false;
		} else if (acs.has(redirectBits)) {
			view.redirects.push_back(function->bdf);
		}
	}
	return isWhole;
}

static void askRootComplex(const pci::Machine &machine, const Meeting &meeting, KernelView &view,
			   std::vector<std::string> &missing)
{
	const auto trust =
		trustRootComplex(machine, *meeting.client.front(), *meeting.provider.front());
	if (!trust.isTrusted) {
		missing.push_back(trust.missing);
		return;
	}
	view.mapType = *trust.isTrusted ? MapType::thruHostBridge : MapType::notSupported;
	view.hostBridge = trust.hostBridge;
}

KernelView kernelView(const pci::Machine &machine, const pci::Function &client,
		      const pci::Function &provider, std::vector<std::string> &missing)
{
	KernelView view;
	const auto meeting = meet(machine, client, provider, missing);
	if (!meeting)
		return view;

	view.distance = static_cast<int>(meeting->clientDepth + meeting->providerDepth);
	if (const auto release = Release::parse(machine.kernel);
	    release && *release < firstRelease) {
		view.mapType = MapType::notSupported;
		return view;
	}
	if (meeting->isCommon()) {
		const bool isWhole = findRedirects(*meeting, view, missing);
		if (view.redirects.empty()) {
			if (isWhole)
				view.mapType = MapType::busAddr;
			return view;
		}
	}
	askRootComplex(machine, *meeting, view, missing);
	return view;
}

std::vector<std::string> kernelLog(const KernelView &view, const pci::Bdf &provider)
{
	std::vector<std::string> lines;
	if (!view.redirects.empty()) {
		std::string ports;
		for (const auto &bdf : view.redirects)
			ports += (ports.empty() ? "" : ";") + bdf.name();
		lines.push_back("ACS redirect is set between the client and provider (" +
				provider.name() + ")");
		lines.push_back("to disable ACS redirect for this path, add the kernel parameter: "
				"pci=disable_acs_redir=" +
				ports);
	}
	// Before 4.20 nothing asked; and the bridge is named only where redirect was the reason.
	if (view.mapType != MapType::notSupported || view.hostBridge.empty())
		return lines;
	if (!view.redirects.empty())
		lines.push_back("Host bridge not in P2PDMA whitelist: " + view.hostBridge);
	lines.push_back("cannot be used for peer-to-peer DMA as the client and provider (" +
			provider.name() +
			") do not share an upstream bridge or whitelisted host bridge");
	return lines;
}

}
