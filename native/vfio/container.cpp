// SPDX-License-Identifier: MIT
#include "vfio/container.h"

#include "pci/usage.h"
#include "sys/error.h"
#include "sys/file.h"
#include "vfio/bar.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/vfio.h>

namespace vfio
{

using sys::Error;

static constexpr const char *containerPath = "/dev/vfio/vfio";

static sys::Fd openContainer()
{
	if (!sys::exists(containerPath))
		throw Error("VFIO_NOT_LOADED", "the kernel module vfio is not loaded");

	auto fd = sys::Fd::open(containerPath, O_RDWR);
	if (fd.ioctl(VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU, "VFIO_CHECK_EXTENSION") != 1)
		throw Error("VFIO_NO_TYPE1", "the kernel module vfio_iommu_type1 is not loaded");
	return fd;
}

Container::Container(const pci::Function &first, sys::Stop stop)
    : AddressSpace(std::move(stop)), fd_(openContainer())
{
	attach(first);
}

static std::string groupPath(int group)
{
	return "/dev/vfio/" + std::to_string(group);
}

static Error groupError(int group, const pci::Function &function, Error cause)
{
	cause.facts.insert({"group", std::to_string(group)});
	cause.facts.insert({"bdf", function.bdf.name()});
	return cause.code == "EBUSY" ? pci::busy("VFIO_BUSY", function, cause.facts) : cause;
}

static sys::Fd openGroup(int group, const pci::Function &function)
{
	try {
		return sys::Fd::open(groupPath(group), O_RDWR);
	} catch (const Error &error) {
		throw groupError(group, function, error);
	}
}

static void checkViable(const sys::Fd &fd, int group, const pci::Function &function)
{
	vfio_group_status status = {.argsz = sizeof status, .flags = 0};

	fd.ioctl(VFIO_GROUP_GET_STATUS, &status, "VFIO_GROUP_GET_STATUS");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		throw groupError(group, function,
				 Error("VFIO_NOT_VIABLE", groupPath(group) + " is not viable"));
}

void Container::attach(const pci::Function &function)
{
	if (!function.iommuGroup)
		throw Error("VFIO_NO_IOMMU", function.bdf.name() + " is in no IOMMU group",
			    {{"bdf", function.bdf.name()}});

	const int group = *function.iommuGroup;
	if (groups_.contains(group))
		return;

	auto fd = openGroup(group, function);
	checkViable(fd, group, function);
	int container = fd_.number();
	fd.ioctl(VFIO_GROUP_SET_CONTAINER, &container, "VFIO_GROUP_SET_CONTAINER");
	if (groups_.empty()) {
		try {
			fd_.ioctl(VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU, "VFIO_SET_IOMMU");
		} catch (const Error &error) {
			// EPERM here means that MSIs are not isolated (no interrupt remapping).
			throw error.code == "EPERM"
				? groupError(group, function,
					     Error("VFIO_NO_INTERRUPT_REMAPPING", error.what()))
				: error;
		}
	}
	groups_.emplace(group, std::move(fd));
}

// Finds a capability in a VFIO info chain; nullptr where there is none.
static const vfio_info_cap_header *capability(const std::vector<std::byte> &info, uint32_t first,
					      uint16_t id)
{
	for (uint32_t offset = first;
	     offset && offset + sizeof(vfio_info_cap_header) <= info.size();) {
		const auto *header =
			reinterpret_cast<const vfio_info_cap_header *>(info.data() + offset);
		if (header->id == id)
			return header;
		offset = header->next;
	}
	return nullptr;
}

std::vector<Range> Container::usableRanges() const
{
	std::vector<std::byte> info(sizeof(vfio_iommu_type1_info));
	auto *head = reinterpret_cast<vfio_iommu_type1_info *>(info.data());

	// The kernel writes the size it needs into argsz; the second call has room for it.
	for (int call = 0; call < 2; call++) {
		const size_t needed = std::max<size_t>(head->argsz, sizeof *head);
		info.assign(needed, std::byte{});
		head = reinterpret_cast<vfio_iommu_type1_info *>(info.data());
		head->argsz = static_cast<uint32_t>(needed);
		fd_.ioctl(VFIO_IOMMU_GET_INFO, head, "VFIO_IOMMU_GET_INFO");
	}

	const auto *ranges = reinterpret_cast<const vfio_iommu_type1_info_cap_iova_range *>(
		capability(info, head->cap_offset, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE));
	std::vector<Range> usable;
	for (uint32_t i = 0; ranges && i < ranges->nr_iovas; i++)
		usable.push_back({ranges->iova_ranges[i].start, ranges->iova_ranges[i].end});
	if (usable.empty())
		usable.push_back({0, 0xfedfffff}); // kernels before 5.4 do not tell
	return usable;
}

void Container::mapMemory(std::span<std::byte> memory, pci::Iova iova) const
{
	vfio_iommu_type1_dma_map request = {
		.argsz = sizeof request,
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = reinterpret_cast<uintptr_t>(memory.data()),
		.iova = number(iova),
		.size = memory.size(),
	};
	fd_.ioctl(VFIO_IOMMU_MAP_DMA, &request, "VFIO_IOMMU_MAP_DMA");
}

void Container::mapStretch(const HeldBar &bar, uint64_t offset, uint64_t length,
			   pci::Iova iova) const
{
	mapMemory(bar.view().bytes().subspan(offset, length), iova);
}

void Container::unmap(pci::Iova iova, uint64_t size) const noexcept
{
	vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof request,
		.flags = 0,
		.iova = number(iova),
		.size = size,
	};
	fd_.tryIoctl(VFIO_IOMMU_UNMAP_DMA, &request);
}

sys::Fd Container::openDevice(const pci::Function &function)
{
	attach(function);
	const int group = function.iommuGroup.value_or(-1);
	std::string name = function.bdf.name();
	const int fd = groups_.at(group).ioctl(VFIO_GROUP_GET_DEVICE_FD, name.data(),
					       "VFIO_GROUP_GET_DEVICE_FD");
	return sys::Fd(fd, name);
}

}
