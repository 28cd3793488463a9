// SPDX-License-Identifier: MIT
// p2p-bind's order and report across the border, in the shapes of lib/native.ts.
#pragma once

#include "bind/bind.h"
#include "bind/show.h"

#include <napi.h>

namespace binding
{

// {functions, driver, restore, dryRun, root?, group?, persist?}
bind::Order bindOrder(const Napi::Object &object);
Napi::Object bindToJs(Napi::Env env, const bind::Report &report);
Napi::Object viewToJs(Napi::Env env, const bind::View &view);

}
