// SPDX-License-Identifier: MIT
// What others noticed during a copy, as plain values.
#pragma once

#include "transfer/witness.h"

#include <napi.h>

namespace binding
{

// Witness[] of lib/native.ts.
Napi::Array witnessesToJs(Napi::Env env, const std::vector<transfer::Testimony> &testimonies);

}
