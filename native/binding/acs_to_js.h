// SPDX-License-Identifier: MIT
// p2p-acs's order and report across the border, in the shapes of lib/native.ts.
#pragma once

#include "acs/acs.h"

#include <napi.h>

namespace binding
{

// {ports, route, clear, set, restore, rebind, inUse, dryRun, root?}
acs::Order acsOrder(const Napi::Object &object);
Napi::Object acsToJs(Napi::Env env, const acs::Report &report);

// [{bdf, acs}]
Napi::Array acsKeptToJs(Napi::Env env, const std::vector<acs::Changed> &ports);

}
