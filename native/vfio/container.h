// SPDX-License-Identifier: MIT
// An IO address space of VFIO type1: functions come by their IOMMU groups, and whatever this
// process sees through mmap(2) can be mapped, BARs included.
#pragma once

#include "vfio/address_space.h"

namespace vfio
{

class Container : public AddressSpace
{
public:
	// Opens /dev/vfio/vfio and attaches a first function, which gives the address space its
	// IOMMU. Error VFIO_NOT_LOADED, VFIO_NO_TYPE1, errno's name, or as openDevice().
	explicit Container(const pci::Function &first, sys::Stop stop = {});
	Container(const Container &) = delete;
	Container &operator=(const Container &) = delete;

	const char *mechanism() const override { return "type1"; }
	std::vector<Range> usableRanges() const override;
	// VFIO_GROUP_GET_DEVICE_FD.
	sys::Fd openDevice(const pci::Function &function) override;

private:
	void attach(const pci::Function &function);
	void mapMemory(std::span<std::byte> memory, pci::Iova iova) const override;
	void mapStretch(const HeldBar &bar, uint64_t offset, uint64_t length,
			pci::Iova iova) const override;
	void unmap(pci::Iova iova, uint64_t size) const noexcept override;

	sys::Fd fd_;
	std::map<int, sys::Fd> groups_;
};

}
