// SPDX-License-Identifier: MIT
// libFuzzer: any text may be given for lspci's. npm run fuzz builds and runs it.
#include "paper/lspci.h"
#include "route/verdict.h"

#include <cstdlib>

// Whoever climbs from a function that has a root gets there.
static void climb(const pci::Machine &machine, const pci::Function &from)
{
	const pci::Function *at = &from;
	for (int step = 0; at->parent && !from.rootBus.empty(); step++) {
		at = machine.lookUp(*at->parent);
		if (!at || at->rootBus != from.rootBus || step > 256)
			abort();
	}
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const auto machine =
		paper::readLspci({reinterpret_cast<const char *>(data), size}); // NOLINT
	if (!machine.reading || machine.reading->unread > machine.reading->lines)
		abort();
	for (const auto &function : machine.functions)
		climb(machine, function);
	if (machine.functions.size() > 1)
		route::verdict(machine, machine.functions.front(), machine.functions.back());
	return 0;
}
