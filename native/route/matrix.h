// SPDX-License-Identifier: MIT
// The words of many pairs at once. Functions that hang below one port and have the same ACS of
// their own share a fate: one of them is judged, the others follow.
#pragma once

#include "route/verdict.h"

#include <vector>

namespace route
{

using Functions = std::vector<const pci::Function *>;

struct Matrix {
	size_t size = 0;         // of functions
	std::vector<Word> words; // [client * size + provider], itself included
	// Groups of functions, each by its places in the list; the first judges for all.
	std::vector<std::vector<size_t>> fates;
};

Matrix matrix(const pci::Machine &machine, const Functions &functions);

// The groups alone.
std::vector<std::vector<size_t>> fatesOf(const pci::Machine &machine, const Functions &functions);

}
