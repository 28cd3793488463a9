// SPDX-License-Identifier: MIT
#include "vfio/ioas.h"

#include "pci/usage.h"
#include "sys/error.h"
#include "sys/file.h"
#include "vfio/bar.h"
#include "vfio/function.h"
#include "vfio/uapi.h"

#include <fcntl.h>
#include <utility>

namespace vfio
{

using sys::Error;

static constexpr const char *iommufdPath = "/dev/iommu";

static sys::Fd openIommufd()
{
	if (!sys::exists(iommufdPath))
		throw Error("VFIO_NO_IOMMUFD", "there is no /dev/iommu", {{"what", "no-device"}});
	return sys::Fd::open(iommufdPath, O_RDWR);
}

static uint32_t allocate(const sys::Fd &iommufd)
{
	uapi::IoasAlloc request;
	iommufd.ioctl(uapi::IOAS_ALLOC, &request, "IOMMU_IOAS_ALLOC");
	return request.ioasId;
}

Ioas::Ioas(const pci::Function &first, sys::Stop stop)
    : AddressSpace(std::move(stop)), fd_(openIommufd()), id_(allocate(fd_)),
      firstName_(first.bdf.name()), first_(openAttached(first))
{
}

static Error deviceError(const pci::Function &function, Error cause)
{
	cause.facts.insert({"bdf", function.bdf.name()});
	cause.facts.insert({"group", std::to_string(function.iommuGroup.value_or(-1))});
	// Open by its group: EBUSY. Open by its character device, which can be only once: EINVAL
	// (drivers/vfio/vfio_main.c, vfio_df_open).
	const bool isBusy = cause.code == "EBUSY" || cause.code == "EINVAL";
	return isBusy ? pci::busy("VFIO_BUSY", function, cause.facts) : cause;
}

sys::Fd Ioas::openAttached(const pci::Function &function) const
{
	if (!function.iommuGroup)
		throw Error("VFIO_NO_IOMMU", function.bdf.name() + " is in no IOMMU group",
			    {{"bdf", function.bdf.name()}});
	if (function.vfioDevice.empty())
		throw Error("VFIO_NO_IOMMUFD", "no character device of VFIO",
			    {{"what", "no-cdev"}, {"bdf", function.bdf.name()}});

	try {
		auto device = sys::Fd::open("/dev/vfio/devices/" + function.vfioDevice, O_RDWR);
		uapi::BindIommufd bind{.iommufd = fd_.number()};
		device.ioctl(uapi::BIND_IOMMUFD, &bind, "VFIO_DEVICE_BIND_IOMMUFD");
		uapi::AttachIommufd attach{.ptId = id_};
		device.ioctl(uapi::ATTACH_IOMMUFD_PT, &attach, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
		return device;
	} catch (const Error &error) {
		throw deviceError(function, error);
	}
}

sys::Fd Ioas::openDevice(const pci::Function &function)
{
	if (first_.isOpen() && function.bdf.name() == firstName_)
		return std::move(first_);
	return openAttached(function);
}

std::vector<Range> Ioas::usableRanges() const
{
	std::vector<uapi::IovaRange> ranges(64);
	uapi::IoasIovaRanges request{.ioasId = id_,
				     .count = static_cast<uint32_t>(ranges.size()),
				     .ranges = reinterpret_cast<uintptr_t>(ranges.data())};
	fd_.ioctl(uapi::IOAS_IOVA_RANGES, &request, "IOMMU_IOAS_IOVA_RANGES");

	std::vector<Range> usable;
	for (const auto &range : std::span(ranges).first(request.count))
		usable.push_back({range.start, range.last});
	return usable;
}

void Ioas::mapMemory(std::span<std::byte> memory, pci::Iova iova) const
{
	uapi::IoasMap request{.ioasId = id_,
			      .address = reinterpret_cast<uintptr_t>(memory.data()),
			      .length = memory.size(),
			      .iova = number(iova)};
	fd_.ioctl(uapi::IOAS_MAP, &request, "IOMMU_IOAS_MAP");
}

void Ioas::mapStretch(const HeldBar &bar, uint64_t offset, uint64_t length, pci::Iova iova) const
{
	if (!bar.function())
		throw Error("VFIO_NO_IOMMUFD", "only vfio-pci exports a BAR",
			    {{"what", "provider"}, {"bdf", bar.name()}});
	// The mapping holds the dma-buf from here on.
	const auto exported = bar.function()->exportBar(bar.index(), offset, length);
	uapi::IoasMapFile request{
		.ioasId = id_, .fd = exported.number(), .length = length, .iova = number(iova)};
	fd_.ioctl(uapi::IOAS_MAP_FILE, &request, "IOMMU_IOAS_MAP_FILE");
}

void Ioas::unmap(pci::Iova iova, uint64_t size) const noexcept
{
	uapi::IoasUnmap request{.ioasId = id_, .iova = number(iova), .length = size};
	fd_.tryIoctl(uapi::IOAS_UNMAP, &request);
}

}
