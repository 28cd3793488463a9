// SPDX-License-Identifier: MIT
// libFuzzer: any text may stand in the kernel's log and in files of sysfs. npm run fuzz builds and
// runs it.
#include "pci/resource.h"
#include "sys/kernel_log.h"
#include "transfer/fault.h"
#include "transfer/witness.h"

#include <cstdlib>
#include <sstream>

static void readResources(const std::string &text)
{
	const pci::Config config(text.substr(0, 4096));
	for (const bool isBridge : {false, true}) {
		const auto resources = pci::parseResources(text, config, isBridge);
		if (resources.bars.size() > 6 || resources.windows.size() > 4)
			abort();
		for (const auto &bar : resources.bars)
			if (bar.size == 0 || bar.index < 0 || bar.index > 5)
				abort();
	}
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const std::string text(reinterpret_cast<const char *>(data), size); // NOLINT
	std::vector<std::string> lines;
	std::istringstream input(text);
	for (std::string line; std::getline(input, line);)
		lines.push_back(sys::kernelText(line));
	transfer::faultsIn(lines);
	transfer::aerCounts(text);
	readResources(text);
	return 0;
}
