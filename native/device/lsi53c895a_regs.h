// SPDX-License-Identifier: MIT
// Registers and SCRIPTS instructions of the LSI53C895A PCI to Ultra2 SCSI controller, by their
// names in its technical manual (chapters 4 and 5).
#pragma once

#include <cstddef>
#include <cstdint>

namespace device::lsi
{

// Byte offsets in BAR 1.
enum Register : size_t {
	DSTAT = 0x0c,
	ISTAT0 = 0x14,
	DSP = 0x2c, // writing it starts the SCRIPTS processor
	DSPS = 0x30,
	DIEN = 0x39,
};

constexpr uint8_t DSTAT_SIR = 1 << 2; // an INT instruction
constexpr uint8_t DSTAT_DFE = 1 << 7; // the FIFO is empty: not an error
constexpr uint8_t ISTAT0_DIP = 1 << 0;
constexpr uint8_t ISTAT0_SIP = 1 << 1;
constexpr uint8_t ISTAT0_SRST = 1 << 6;
constexpr uint8_t ISTAT0_ABRT = 1 << 7;

// First words of instructions; a Memory Move has its count of bytes in the lower 24 bits.
constexpr uint32_t MEMORY_MOVE = 0xc0000000;
constexpr uint32_t INT = 0x98080000;

}
