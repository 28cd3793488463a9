// SPDX-License-Identifier: MIT
// How work is asked to end early: first tidily, then without waiting for anything. The order of
// the end is the same in both cases.
#pragma once

#include <stop_token>

namespace sys
{

struct Stop {
	Stop() = default;
	// Implicit on both sides: most code knows the first sort only.
	Stop(std::stop_token tidily, std::stop_token inHurry = {})
	    : asked(std::move(tidily)), hurried(std::move(inHurry))
	{
	}
	operator std::stop_token() const { return asked; }

	std::stop_token asked{};
	std::stop_token hurried{};
};

// Error P2P_STOPPED where it was asked for.
void checkStop(const std::stop_token &stop);

}
