// SPDX-License-Identifier: MIT
// Where the ways of two functions to the root complex meet.
#pragma once

#include "pci/machine.h"

#include <optional>
#include <vector>

namespace route
{

using Chain = std::vector<const pci::Function *>;

// From the function itself up to its root bus.
struct Meeting {
	Chain client, provider;
	// Places of the common function in either chain; the chains' sizes where there is none.
	size_t clientDepth = 0, providerDepth = 0;

	bool isCommon() const { return clientDepth < client.size(); }
};

// The functions whose ACS the kernel's p2pdma looks at, in its order: the provider's side up to and
// with the common one, then the client's side below it. Only where there is a common one.
Chain inspected(const Meeting &meeting);

// The function and all bridges above it; nullopt where the tree has a gap, or was not copied.
std::optional<Chain> climb(const pci::Machine &machine, const pci::Function &from);

// nullopt where the tree has a gap, or was not copied; missing then says so.
std::optional<Meeting> meet(const pci::Machine &machine, const pci::Function &client,
			    const pci::Function &provider, std::vector<std::string> &missing);

}
