// SPDX-License-Identifier: MIT
// Where functions stand: what is below which bridge, which buses are roots, whose VF is which.
#pragma once

#include "paper/tree.h"

namespace paper
{

// functions: ascending by bdf, configuration space read. Fills in parent, path, rootBus and physfn
// as far as the text tells; a function whose bridges are not all there has no rootBus.
void place(std::vector<pci::Function> &functions, const Tree &tree);

}
