// SPDX-License-Identifier: MIT
// The story of p2p-copy from a capture card to a display: the card writes into buffers that the
// display shows, where its driver imports those; else the CPU carries rows there.
#pragma once

#include "transfer/copy.h"

namespace transfer
{

// Ends as capture(). Nothing is proved: what is shown nobody reads back. Errors of sys::Video and
// sys::Screen; P2P_VIDEO_FORMAT {reason 'screen'} where the two have no format in common;
// P2P_IN_USE, P2P_TIMEOUT.
Report show(const pci::Machine &machine, const Plan &plan, const sys::Stop &stop,
	    const std::function<void(Progress)> &tell);

}
