// SPDX-License-Identifier: MIT
// Orders for a transfer, out of JavaScript objects in the shapes of lib/native.ts.
#pragma once

#include "transfer/bench.h"
#include "transfer/loads.h"
#include "transfer/map.h"
#include "transfer/memory_check.h"
#include "transfer/serve.h"
#include "transfer/share.h"

#include <napi.h>

namespace binding
{

transfer::BenchOrder benchOrder(const Napi::Object &order);
transfer::CheckOrder checkOrder(const Napi::Object &order);
transfer::DiskOrder diskOrder(const Napi::Object &order);
transfer::LoadOrder loadOrder(const Napi::Object &order);
transfer::MapOrder mapOrder(const Napi::Object &order);
transfer::Order copyOrder(const Napi::Object &order);
transfer::ShareOrder shareOrder(const Napi::Object &order);

}
