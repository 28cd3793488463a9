// SPDX-License-Identifier: MIT
// Configuration space put together again: hexadecimal where there is some, what was told in words
// where there is none, and holes.
#pragma once

#include "paper/record.h"

namespace paper
{

pci::Config configOf(const Record &record);

// The record as the rest of the core knows functions; its place in the tree is another matter.
pci::Function functionOf(const pci::Bdf &bdf, Record &&record);

}
