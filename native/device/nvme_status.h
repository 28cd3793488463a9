// SPDX-License-Identifier: MIT
// Names of NVMe status codes (Base Specification 3.3.3.2, NVM Command Set 4.1.2).
#pragma once

#include "device/nvme_queue.h"
#include "sys/error.h"

#include <cstdint>
#include <string>

namespace device::nvme
{

// 'LBA Out of Range', or 'status 1h:23h' for one without a name here.
std::string statusName(uint8_t type, uint8_t code);

// Facts of a command under its id: bdf, operation, lba, nsid, and tag, that of whoever pushed it.
sys::Error::Facts commandFacts(const std::string &controller, const QueuePair &queue, unsigned id);
// Error NVME_STATUS: those, status in words, type and statusCode as numbers.
sys::Error statusError(const std::string &controller, const QueuePair &queue,
		       const Completion &completion);

}
