// SPDX-License-Identifier: MIT
// Conditions of life along a route: what must be on, awake and in reach whatever ACS says, and how
// wide the way is.
#pragma once

#include "route/meeting.h"
#include "route/verdict.h"

namespace route
{

// By code with its facts. bridges: those between the two ends.
std::vector<Condition> conditionsOf(const pci::Machine &machine, const Meeting &meeting,
				    const Chain &bridges);

// The link of the route that carries least; nullopt where no link is known. A detour goes by the
// root complex although there is a common bridge.
std::optional<Bottleneck> bottleneckOf(const Meeting &meeting, bool isDetour);

}
