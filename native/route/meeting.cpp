// SPDX-License-Identifier: MIT
#include "route/meeting.h"

#include <algorithm>

namespace route
{

// No hierarchy has more levels than buses.
constexpr size_t maxDepth = 256;

std::optional<Chain> climb(const pci::Machine &machine, const pci::Function &from)
{
	Chain chain;
	for (const pci::Function *at = &from; chain.size() < maxDepth;) {
		if (at->rootBus.empty())
			return std::nullopt;
		chain.push_back(at);
		if (!at->parent)
			return chain;
		at = machine.lookUp(*at->parent);
		if (!at)
			return std::nullopt;
	}
	return std::nullopt;
}

Chain inspected(const Meeting &meeting)
{
	const auto providerEnd =
		meeting.provider.begin() + static_cast<ptrdiff_t>(meeting.providerDepth) + 1;
	const auto clientEnd = meeting.client.begin() + static_cast<ptrdiff_t>(meeting.clientDepth);

	Chain functions(meeting.provider.begin(), providerEnd);
	functions.insert(functions.end(), meeting.client.begin(), clientEnd);
	return functions;
}

std::optional<Meeting> meet(const pci::Machine &machine, const pci::Function &client,
			    const pci::Function &provider, std::vector<std::string> &missing)
{
	const auto fromClient = climb(machine, client), fromProvider = climb(machine, provider);
	if (!fromClient)
		missing.push_back(client.bdf.name() + " bridges above");
	if (!fromProvider)
		missing.push_back(provider.bdf.name() + " bridges above");
	if (!fromClient || !fromProvider)
		return std::nullopt;

	Meeting meeting{*fromClient, *fromProvider, fromClient->size(), fromProvider->size()};
	for (size_t up = 0; up < fromProvider->size(); up++) {
		const auto common = std::ranges::find(*fromClient, (*fromProvider)[up]);
		if (common == fromClient->end())
			continue;
		meeting.clientDepth = static_cast<size_t>(common - fromClient->begin());
		meeting.providerDepth = up;
		break;
	}
	return meeting;
}

}
