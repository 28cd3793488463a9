// SPDX-License-Identifier: MIT
// Which device a path leads to, by the kernel's own number: names can be made up, links lead
// anywhere, a container has its own /dev.
#pragma once

#include <optional>
#include <string>

namespace sys
{

// 'b259:0' for a block device, 'c10:196' for a character device; nullopt for anything else. Links
// are followed. A file on a dead network is not asked for.
std::optional<std::string> deviceNode(const std::string &path);

}
