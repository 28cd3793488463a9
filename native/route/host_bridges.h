// SPDX-License-Identifier: MIT
// What the kernel trusts to forward peer requests through the root complex: AMD's Zen by its CPU,
// others by a list of host bridges that grew from release to release.
#pragma once

#include "pci/machine.h"

#include <optional>
#include <string>

namespace route
{

struct Release {
	int major = 0, minor = 0;
	auto operator<=>(const Release &) const = default;

	// Of '7.3.4+deb13-amd64'; nullopt where it does not begin so.
	static std::optional<Release> parse(const std::string &kernel);
};

// P2PDMA came with this release.
constexpr Release firstRelease{4, 20};

struct Trust {
	std::optional<bool> isTrusted; // nullopt: what is missing would decide
	std::string hostBridge;        // 'vvvv:dddd' that is not in the list, where that decided
	std::string missing;
};

Trust trustRootComplex(const pci::Machine &machine, const pci::Function &client,
		       const pci::Function &provider);

}
