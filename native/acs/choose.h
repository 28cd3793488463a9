// SPDX-License-Identifier: MIT
// Which ports an order means, and what their bits are to be. Nothing is touched.
#pragma once

#include "acs/acs.h"
#include "acs/book.h"
#include "acs/step.h"

#include <vector>

namespace acs
{

// book: nullptr in a dry run.
std::vector<Step> choose(const Order &order, const pci::Machine &machine, const Book *book);

}
