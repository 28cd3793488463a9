// SPDX-License-Identifier: MIT
// What ublk understands from Linux 6.4 on, younger than the kernel headers that this is built with.
// Layouts: include/uapi/linux/ublk_cmd.h of Linux 7.3.
#pragma once

#include <cstdint>
#include <linux/ioctl.h>

namespace sys::uapi
{

// To /dev/ublk-control, in a request of io_uring.
struct UblkControl {
	uint32_t device = UINT32_MAX;
	uint16_t queue = UINT16_MAX; // none
	uint16_t length = 0;
	uint64_t address = 0;
	uint64_t data[2] = {};
};
static_assert(sizeof(UblkControl) == 32);

constexpr uint32_t UBLK_GET_DEV_INFO = _IOR('u', 0x02, UblkControl);
constexpr uint32_t UBLK_ADD_DEV = _IOWR('u', 0x04, UblkControl);
constexpr uint32_t UBLK_DEL_DEV = _IOWR('u', 0x05, UblkControl);
constexpr uint32_t UBLK_START_DEV = _IOWR('u', 0x06, UblkControl);
constexpr uint32_t UBLK_STOP_DEV = _IOWR('u', 0x07, UblkControl);
constexpr uint32_t UBLK_SET_PARAMS = _IOWR('u', 0x08, UblkControl);
constexpr uint32_t UBLK_DEL_DEV_ASYNC = _IOR('u', 0x14, UblkControl); // since 6.9

struct UblkDevice {
	uint16_t queues = 1;
	uint16_t depth = 0;
	uint16_t state = 0;
	uint16_t pad0 = 0;
	uint32_t largest = 0;         // bytes of one request
	uint32_t device = UINT32_MAX; // any
	int32_t server = 0;
	uint32_t pad1 = 0;
	uint64_t flags = 0;
	uint64_t serverFlags = 0; // kept by the driver for its server
	uint32_t owner = 0, ownerGroup = 0;
	uint64_t reserved[2] = {};
};
static_assert(sizeof(UblkDevice) == 64);
constexpr uint16_t UBLK_DEAD = 0; // a state: not started yet, or ended

// The basic parameters, and no others.
struct UblkParameters {
	uint32_t length = sizeof(UblkParameters);
	uint32_t types = 1; // UBLK_PARAM_TYPE_BASIC
	uint32_t attributes = 0;
	uint8_t logicalShift = 0, physicalShift = 0, optimalShift = 0, leastShift = 0;
	uint32_t mostSectors = 0;
	uint32_t chunkSectors = 0;
	uint64_t sectors = 0;
	uint64_t boundaryMask = 0;
};
static_assert(sizeof(UblkParameters) == 40);
constexpr uint32_t UBLK_ATTR_READ_ONLY = 1, UBLK_ATTR_VOLATILE_CACHE = 1 << 2;

// What is asked, in memory that /dev/ublkcN shows: one for each tag.
struct UblkAsk {
	uint8_t operation = 0;
	uint8_t flags[3] = {};
	uint32_t sectors = 0; // of 512 bytes
	uint64_t start = 0;
	uint64_t address = 0;
};
static_assert(sizeof(UblkAsk) == 24);
constexpr uint8_t UBLK_OP_READ = 0, UBLK_OP_WRITE = 1, UBLK_OP_FLUSH = 2;

// To /dev/ublkcN: the answer to a request, and that more may be asked with its tag.
struct UblkIo {
	uint16_t queue = 0;
	uint16_t tag = 0;
	int32_t result = 0; // bytes, or -errno
	uint64_t address = 0;
};
static_assert(sizeof(UblkIo) == 16);
constexpr uint32_t UBLK_FETCH = _IOWR('u', 0x20, UblkIo);
constexpr uint32_t UBLK_COMMIT_AND_FETCH = _IOWR('u', 0x21, UblkIo);

}
