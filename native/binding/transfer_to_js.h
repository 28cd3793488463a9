// SPDX-License-Identifier: MIT
// Orders for a transfer out of JavaScript objects, and what became of them back into such.
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

transfer::BenchOrder benchOrder(const Napi::Object &order);
Napi::Object sampleToJs(Napi::Env env, const transfer::Sample &sample);
transfer::Order copyOrder(const Napi::Object &order);
transfer::MapOrder mapOrder(const Napi::Object &order);
transfer::ShareOrder shareOrder(const Napi::Object &order);
transfer::DiskOrder diskOrder(const Napi::Object &order);

Napi::Object planToJs(Napi::Env env, const transfer::Plan &plan);
Napi::Object reportToJs(Napi::Env env, const transfer::Report &report);
Napi::Object progressToJs(Napi::Env env, const transfer::Progress &progress);
Napi::Object mappingToJs(Napi::Env env, const transfer::Mapping &mapping);
Napi::Object sharedToJs(Napi::Env env, const transfer::Shared &shared);
transfer::LoadOrder loadOrder(const Napi::Object &order);
transfer::CheckOrder checkOrder(const Napi::Object &order);
Napi::Object loadSampleToJs(Napi::Env env, const transfer::LoadSample &sample);
Napi::Object memoryCheckToJs(Napi::Env env, const transfer::MemoryCheck &check);
Napi::Object diskToJs(Napi::Env env, const transfer::Disk &disk);

}
