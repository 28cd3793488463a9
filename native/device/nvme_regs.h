// SPDX-License-Identifier: MIT
// Registers, commands and structures of NVM Express: Base Specification 2.0 (sections 3.1, 3.3,
// 5) and NVM Command Set Specification 1.0, by their names there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace device::nvme
{

// Controller properties (Base 3.1.3), byte offsets in BAR 0.
enum Register : size_t {
	CAP = 0x00,
	VS = 0x08,
	CC = 0x14,
	CSTS = 0x1c,
	AQA = 0x24,
	ASQ = 0x28,
	ACQ = 0x30,
	CMBLOC = 0x38,
	CMBSZ = 0x3c,
	CMBMSC = 0x50,
	PMRCAP = 0xe00,
	PMRCTL = 0xe04,
	PMRSTS = 0xe08,
	DOORBELLS = 0x1000,
};

// CAP fields.
constexpr uint64_t capMqes(uint64_t cap)
{
	return cap & 0xffff;
} // entries − 1
constexpr uint64_t capTimeout(uint64_t cap)
{
	return (cap >> 24) & 0xff;
} // 500 ms units
constexpr uint64_t capDoorbellStride(uint64_t cap)
{
	return (cap >> 32) & 0xf;
}
constexpr uint64_t capMinPage(uint64_t cap)
{
	return (cap >> 48) & 0xf;
} // 2^(12 + n)
constexpr bool capHasPmr(uint64_t cap)
{
	return (cap >> 56) & 1;
}
constexpr bool capHasCmb(uint64_t cap)
{
	return (cap >> 57) & 1;
}

// CC: enable, I/O queue entry sizes of 64 and 16 bytes, shutdown notification.
constexpr uint32_t CC_EN = 1;
constexpr uint32_t CC_SHN_NORMAL = 1 << 14;
constexpr uint32_t CC_SHN_MASK = 3 << 14;
constexpr uint32_t CC_MPS_SHIFT = 7;
constexpr uint32_t CC_IOSQES = 6 << 16;
constexpr uint32_t CC_IOCQES = 4 << 20;

constexpr uint32_t CSTS_RDY = 1;
constexpr uint32_t CSTS_CFS = 2;
constexpr uint32_t CSTS_SHST_MASK = 3 << 2;
constexpr uint32_t CSTS_SHST_COMPLETE = 2 << 2;

constexpr uint32_t CMBMSC_CRE = 1, CMBMSC_CMSE = 2;
constexpr uint32_t CMBSZ_RDS = 1 << 3, CMBSZ_WDS = 1 << 4;
constexpr uint32_t PMRCAP_RDS = 1 << 3, PMRCAP_WDS = 1 << 4;
constexpr uint32_t PMRCTL_EN = 1;
constexpr uint32_t PMRSTS_ERR = 0xff, PMRSTS_NRDY = 1 << 8;
constexpr uint32_t PMRSTS_HSTS = 7 << 9; // 0: normal; else read-only, unreliable, not restored

enum AdminOpcode : uint8_t {
	DELETE_IO_SQ = 0x00,
	CREATE_IO_SQ = 0x01,
	GET_LOG_PAGE = 0x02,
	DELETE_IO_CQ = 0x04,
	CREATE_IO_CQ = 0x05,
	IDENTIFY = 0x06,
	ABORT = 0x08,
	SET_FEATURES = 0x09,
};

enum IoOpcode : uint8_t { FLUSH = 0x00, WRITE = 0x01, READ = 0x02 };

constexpr uint32_t CNS_NAMESPACE = 0, CNS_CONTROLLER = 1, CNS_ACTIVE_NAMESPACES = 2;
constexpr uint32_t LOG_ERRORS = 1, ALL_NAMESPACES = 0xffffffff;
constexpr uint32_t FEATURE_NUMBER_OF_QUEUES = 7;
constexpr uint32_t QUEUE_PHYSICALLY_CONTIGUOUS = 1, QUEUE_INTERRUPTS_ENABLED = 2;

// Submission queue entry (Base 3.3.3).
struct Command {
	uint8_t opcode = 0;
	uint8_t flags = 0;
	uint16_t id = 0;
	uint32_t nsid = 0;
	uint32_t dword2 = 0, dword3 = 0;
	uint64_t metadata = 0;
	uint64_t prp1 = 0, prp2 = 0;
	std::array<uint32_t, 6> dwords{}; // command dwords 10 to 15
};
static_assert(sizeof(Command) == 64);

// Completion queue entry (Base 3.3.3.2). status: bit 0 phase, 8:1 code, 11:9 type, 15 DNR.
struct Completion {
	uint32_t result = 0;
	uint32_t dword1 = 0;
	uint16_t sqHead = 0;
	uint16_t sqId = 0;
	uint16_t id = 0;
	uint16_t status = 0;
};
static_assert(sizeof(Completion) == 16);

// Identify Controller data structure: byte offsets.
constexpr size_t ID_CTRL_MDTS = 77, ID_CTRL_RTD3E = 88, ID_CTRL_ELPE = 262, ID_CTRL_VWC = 525;
// Identify Namespace data structure: byte offsets.
constexpr size_t ID_NS_NSZE = 0, ID_NS_NLBAF = 25, ID_NS_FLBAS = 26, ID_NS_DPS = 29,
		 ID_NS_LBAF = 128;

}
