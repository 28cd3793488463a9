// SPDX-License-Identifier: MIT
// The story of p2p-copy where FROM is a capture card: take both ends, let the card fill memory that
// the other end empties, count what it had to drop, look.
#pragma once

#include "transfer/copy.h"

namespace transfer
{

// Ends after the frames that were asked for, where TO is full, or, where none were, when a stop is
// asked for. Frames that the card dropped are an answer, not an Error: Report::frames. Errors of
// device::Video and of copy().
Report capture(const pci::Machine &machine, const Plan &plan, const sys::Stop &stop,
	       const std::function<void(Progress)> &tell);

}
