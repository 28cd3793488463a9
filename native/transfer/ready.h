// SPDX-License-Identifier: MIT
// The last looks before bytes move, with both ends held: how many there are, and that they may lie
// where they are to.
#pragma once

#include "transfer/hold.h"

#include <cstdint>

namespace transfer
{

// Bytes to move. Errors P2P_RANGE, P2P_UNALIGNED, P2P_OVERLAP; those of HeldMemory::requireUsable()
// and requireNoSignature().
uint64_t lengthToMove(const Plan &plan, Hold &hold);

}
