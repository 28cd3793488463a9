// SPDX-License-Identifier: MIT
// CRC-32C (Castagnoli), as iSCSI and NVMe have it: RFC 3720, appendix B.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sys
{

// Of bytes that follow those of which before is the sum; by the CPU's own instruction where it has
// one.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t before = 0);

}
