// SPDX-License-Identifier: MIT
// Plain structs of the core become plain objects, in the shapes of lib/native.ts.
#pragma once

#include "pci/machine.h"
#include "pci/use.h"
#include "route/fix.h"
#include "route/matrix.h"
#include "route/verdict.h"

#include <napi.h>

namespace binding
{

Napi::Object machineToJs(Napi::Env env, const pci::Machine &machine);
Napi::Object functionToJs(Napi::Env env, const pci::Function &function);
Napi::Object useToJs(Napi::Env env, const pci::Use &use);
Napi::Object pairToJs(Napi::Env env, const route::Verdict &verdict);

// {machine, functions} and {machine, pairs}.
Napi::Object scanToJs(Napi::Env env, const pci::Machine &machine);
Napi::Object checkToJs(Napi::Env env, const pci::Machine &machine,
		       const std::vector<route::Verdict> &verdicts);

Napi::Object matrixToJs(Napi::Env env, const route::Matrix &matrix);
Napi::Object groupsToJs(Napi::Env env, const pci::Machine &machine);
Napi::Object differenceToJs(Napi::Env env, const route::Difference &difference);
Napi::Object fixToJs(Napi::Env env, const pci::Machine &machine, const route::Fix &fix);

// '0x…'; null for nothing.
Napi::Value hexToJs(Napi::Env env, std::optional<uint64_t> number);

}
