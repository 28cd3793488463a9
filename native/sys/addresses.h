// SPDX-License-Identifier: MIT
// Addresses of the network interfaces that this process sees.
#pragma once

#include <string>
#include <vector>

namespace sys
{

// IPv4 and IPv6 addresses as text, without a prefix length; link-local ones are left out.
std::vector<std::string> addressesOf(const std::string &interface);

}
