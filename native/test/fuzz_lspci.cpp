// SPDX-License-Identifier: MIT
// libFuzzer: any text may be given for lspci's. native/test/fuzz.sh builds and runs it.
#include "paper/lspci.h"
#include "route/verdict.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const auto machine =
		paper::readLspci({reinterpret_cast<const char *>(data), size}); // NOLINT
	if (machine.functions.size() > 1)
		route::verdict(machine, machine.functions.front(), machine.functions.back());
	return 0;
}
