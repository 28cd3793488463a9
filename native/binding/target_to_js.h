// SPDX-License-Identifier: MIT
// p2p-target's order and answers across the border, in the shapes of lib/native.ts.
#pragma once

#include "target/target.h"

#include <napi.h>

namespace binding
{

target::Order targetOrder(const Napi::Object &object);
Napi::Object targetToJs(Napi::Env env, const target::Target &target);
Napi::Object targetReportToJs(Napi::Env env, const target::Report &report);

}
