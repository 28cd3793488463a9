// SPDX-License-Identifier: MIT
// Registers and descriptors of the Intel 82574 Gigabit Ethernet Controller, by their names in its
// datasheet (chapters 7 and 10).
#pragma once

#include <cstddef>
#include <cstdint>

namespace device::i82574
{

// Byte offsets in BAR 0.
enum Register : size_t {
	CTRL = 0x0000,
	STATUS = 0x0008,
	IMC = 0x00d8,
	RCTL = 0x0100,
	TCTL = 0x0400,
	PSRCTL = 0x2170,
	RDBAL = 0x2800,
	RDBAH = 0x2804,
	RDLEN = 0x2808, // bytes
	RDH = 0x2810,
	RDT = 0x2818,
	TDBAL = 0x3800,
	TDBAH = 0x3804,
	TDLEN = 0x3808, // bytes
	TDH = 0x3810,
	TDT = 0x3818,
	RXCSUM = 0x5000,
	RFCTL = 0x5008,
	MRQC = 0x5818,
};

constexpr uint32_t CTRL_FD = 1 << 0;
constexpr uint32_t CTRL_SLU = 1 << 6;
constexpr uint32_t CTRL_RST = 1 << 26; // clears itself
constexpr uint32_t STATUS_LU = 1 << 1;

constexpr uint32_t RCTL_EN = 1 << 1;
constexpr uint32_t RCTL_UPE = 1 << 3;     // frames to any address
constexpr uint32_t RCTL_LPE = 1 << 5;     // longer than 1522 bytes
constexpr uint32_t RCTL_LBM_MAC = 1 << 6; // what is sent is received
constexpr uint32_t RCTL_DTYP_PS = 1 << 10;
constexpr uint32_t RCTL_SECRC = 1 << 26; // without the frame's CRC
constexpr uint32_t TCTL_EN = 1 << 1;
constexpr uint32_t RFCTL_EXSTEN = 1 << 15; // descriptors of the sort that follows

// PSRCTL: bytes of buffer 0 in units of 128, of buffer 1 in units of 1024.
constexpr uint32_t PSRCTL_BSIZE0 = 1 << 0, PSRCTL_BSIZE1 = 1 << 8;

// Legacy transmit descriptor.
struct TransmitDescriptor {
	uint64_t address = 0;
	uint16_t length = 0;
	uint8_t checksumOffset = 0;
	uint8_t command = 0;
	uint8_t status = 0;
	uint8_t checksumStart = 0;
	uint16_t vlan = 0;
};
static_assert(sizeof(TransmitDescriptor) == 16);

constexpr uint8_t TXD_EOP = 1 << 0;  // the frame's last
constexpr uint8_t TXD_IFCS = 1 << 1; // with its CRC

// Packet split receive descriptor, before: four buffers, of which two are used.
struct ReceiveDescriptor {
	uint64_t header = 0;
	uint64_t payload = 0;
	uint64_t unused[2] = {};
};

// The same after.
struct Received {
	uint32_t hashType, hash;
	uint32_t status; // and errors
	uint16_t length0, vlan;
	uint16_t header; // RXD_SPLIT, and bytes of the header
	uint16_t length1, length2, length3;
	uint64_t reserved;
};
static_assert(sizeof(ReceiveDescriptor) == 32 && sizeof(Received) == 32);

constexpr uint32_t RXD_DD = 1 << 0;  // written
constexpr uint32_t RXD_EOP = 1 << 1; // the frame's last
constexpr uint32_t RXD_ERRORS = 0xff000000;
constexpr uint16_t RXD_SPLIT = 1 << 15;
constexpr uint16_t RXD_HEADER = 0x3ff;

}
