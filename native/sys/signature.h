// SPDX-License-Identifier: MIT
// What stands on a disk, by libblkid: partition tables, file systems, LVM, RAID, swap.
#pragma once

#include "sys/fd.h"

#include <string>
#include <vector>

namespace sys
{

// Names such as 'ext4', 'gpt', 'LVM2_member'; empty where nothing is known there. The disk can be
// a sparse file that holds only its first and last bytes. sectorSize: bytes of a logical block.
// Error P2P_PROBE where libblkid itself fails.
std::vector<std::string> signatures(const Fd &disk, unsigned sectorSize);

}
