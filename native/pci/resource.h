// SPDX-License-Identifier: MIT
// The `resource` file of sysfs: what a function's BARs and a bridge's windows take up.
#pragma once

#include "pci/config.h"
#include "pci/machine.h"

#include <string>
#include <vector>

namespace pci
{

struct Resources {
	std::vector<Bar> bars;
	std::vector<BridgeWindow> windows;
};

// text: the whole file; config: for the raw BAR registers; isBridge: its last lines are windows.
Resources parseResources(const std::string &text, const Config &config, bool isBridge);

}
