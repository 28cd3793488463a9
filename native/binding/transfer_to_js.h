// SPDX-License-Identifier: MIT
// What became of a transfer, into JavaScript objects in the shapes of lib/native.ts.
#pragma once

#include "transfer/bench.h"
#include "transfer/copy.h"
#include "transfer/loads.h"
#include "transfer/map.h"
#include "transfer/memory_check.h"
#include "transfer/serve.h"
#include "transfer/share.h"

#include <napi.h>

namespace binding
{

Napi::Object sampleToJs(Napi::Env env, const transfer::Sample &sample);

Napi::Object planToJs(Napi::Env env, const transfer::Plan &plan);
Napi::Object reportToJs(Napi::Env env, const transfer::Report &report);
Napi::Object progressToJs(Napi::Env env, const transfer::Progress &progress);
Napi::Object mappingToJs(Napi::Env env, const transfer::Mapping &mapping);
Napi::Object sharedToJs(Napi::Env env, const transfer::Shared &shared);
Napi::Object loadSampleToJs(Napi::Env env, const transfer::LoadSample &sample);
Napi::Object memoryCheckToJs(Napi::Env env, const transfer::MemoryCheck &check);
Napi::Object diskToJs(Napi::Env env, const transfer::Disk &disk);

}
