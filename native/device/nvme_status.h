// SPDX-License-Identifier: MIT
// Names of NVMe status codes (Base Specification 3.3.3.2, NVM Command Set 4.1.2).
#pragma once

#include <cstdint>
#include <string>

namespace device::nvme
{

// 'LBA Out of Range', or 'status 1h:23h' for one without a name here.
std::string statusName(uint8_t type, uint8_t code);

}
