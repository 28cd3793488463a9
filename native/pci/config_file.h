// SPDX-License-Identifier: MIT
// A function's configuration space as sysfs gives it, or a copy of sysfs.
#pragma once

#include "pci/config.h"

#include <string>

namespace pci
{

// How much of a running function's extended space is read: what bears on peer-to-peer, or all of
// it. The rest is holes.
enum class Depth { needed, whole };

// root: '' for the running machine. path: of the file config in the function's folder. What cannot
// be read is not there.
Config readConfig(const std::string &root, const std::string &path, Depth depth);

}
