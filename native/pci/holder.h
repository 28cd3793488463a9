// SPDX-License-Identifier: MIT
// A block device that stands on others, and in whose words it is known.
#pragma once

#include <string>

namespace pci
{

struct Holder {
	std::string device; // dm-0, md127, loop0
	std::string kind;   // as in use.h; '' where it says nothing that is known here
	std::string name;   // vg-root, raid1; ''
};

Holder holderOf(const std::string &root, const std::string &device);

}
