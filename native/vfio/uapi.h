// SPDX-License-Identifier: MIT
// Requests of VFIO and iommufd that are younger than the kernel headers that this is built with,
// and one that has an array at its end there. Layouts: include/uapi/linux/vfio.h and iommufd.h of
// Linux 7.3.
#pragma once

#include <cstdint>
#include <linux/ioctl.h>

namespace vfio::uapi
{

// VFIO_DEVICE_SET_IRQS for the one vector 0, with its eventfd where vfio_irq_set has an array.
struct OneEventfd {
	uint32_t argsz = sizeof(OneEventfd);
	uint32_t flags = 0;
	uint32_t index = 0;
	uint32_t start = 0;
	uint32_t count = 1;
	int32_t fd = -1;
};
static_assert(sizeof(OneEventfd) == 24);

// On a character device of VFIO, since 6.6.
struct BindIommufd {
	uint32_t argsz = sizeof(BindIommufd);
	uint32_t flags = 0;
	int32_t iommufd = -1;
	uint32_t outDevid = 0;
};
constexpr unsigned long BIND_IOMMUFD = _IO(';', 100 + 18);

struct AttachIommufd {
	uint32_t argsz = sizeof(AttachIommufd);
	uint32_t flags = 0;
	uint32_t ptId = 0;
};
constexpr unsigned long ATTACH_IOMMUFD_PT = _IO(';', 100 + 19);

// VFIO_DEVICE_FEATURE_DMA_BUF, since 6.19: one stretch of a BAR as a dma-buf.
struct DmaBufFeature {
	uint32_t argsz = sizeof(DmaBufFeature);
	uint32_t flags = 11 | 1 << 16; // VFIO_DEVICE_FEATURE_GET
	uint32_t regionIndex = 0;
	uint32_t openFlags = 0;
	uint32_t reserved = 0;
	uint32_t ranges = 1;
	uint64_t offset = 0;
	uint64_t length = 0;
};
static_assert(sizeof(DmaBufFeature) == 40);

// On /dev/iommu, since 6.2; MAP_FILE since 6.13.
struct IoasAlloc {
	uint32_t size = sizeof(IoasAlloc);
	uint32_t flags = 0;
	uint32_t ioasId = 0;
};
constexpr unsigned long IOAS_ALLOC = _IO(';', 0x81);

struct IovaRange {
	uint64_t start = 0;
	uint64_t last = 0;
};
struct IoasIovaRanges {
	uint32_t size = sizeof(IoasIovaRanges);
	uint32_t ioasId = 0;
	uint32_t count = 0;
	uint32_t reserved = 0;
	uint64_t ranges = 0;
	uint64_t alignment = 0;
};
constexpr unsigned long IOAS_IOVA_RANGES = _IO(';', 0x84);

constexpr uint32_t MAP_FIXED_IOVA = 1, MAP_WRITEABLE = 2, MAP_READABLE = 4;

struct IoasMap {
	uint32_t size = sizeof(IoasMap);
	uint32_t flags = MAP_FIXED_IOVA | MAP_WRITEABLE | MAP_READABLE;
	uint32_t ioasId = 0;
	uint32_t reserved = 0;
	uint64_t address = 0;
	uint64_t length = 0;
	uint64_t iova = 0;
};
constexpr unsigned long IOAS_MAP = _IO(';', 0x85);

struct IoasUnmap {
	uint32_t size = sizeof(IoasUnmap);
	uint32_t ioasId = 0;
	uint64_t iova = 0;
	uint64_t length = 0;
};
constexpr unsigned long IOAS_UNMAP = _IO(';', 0x86);

struct IoasMapFile {
	uint32_t size = sizeof(IoasMapFile);
	uint32_t flags = MAP_FIXED_IOVA | MAP_WRITEABLE | MAP_READABLE;
	uint32_t ioasId = 0;
	int32_t fd = -1;
	uint64_t start = 0;
	uint64_t length = 0;
	uint64_t iova = 0;
};
constexpr unsigned long IOAS_MAP_FILE = _IO(';', 0x8f);

static_assert(sizeof(IoasIovaRanges) == 32 && sizeof(IoasMap) == 40 && sizeof(IoasMapFile) == 40);

}
