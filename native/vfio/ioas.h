// SPDX-License-Identifier: MIT
// An IO address space of iommufd: functions come by their own character devices, a provider's BAR
// as the dma-buf that vfio-pci exports. The kernel takes such a mapping away by itself when the
// provider is reset or its memory goes off; it does not come back then.
#pragma once

#include "vfio/address_space.h"

namespace vfio
{

class Ioas : public AddressSpace
{
public:
	// Opens /dev/iommu and takes a first function in, whose IOMMU limits the address space.
	// Error VFIO_NO_IOMMUFD (fact what), errno's name, or as openDevice().
	explicit Ioas(const pci::Function &first, sys::Stop stop = {});
	Ioas(const Ioas &) = delete;
	Ioas &operator=(const Ioas &) = delete;

	const char *mechanism() const override { return "iommufd"; }
	std::vector<Range> usableRanges() const override;
	// /dev/vfio/devices/vfioN, bound and attached.
	sys::Fd openDevice(const pci::Function &function) override;

private:
	sys::Fd openAttached(const pci::Function &function) const;
	void mapMemory(std::span<std::byte> memory, pci::Iova iova) const override;
	void mapStretch(const HeldBar &bar, uint64_t offset, uint64_t length,
			pci::Iova iova) const override;
	void unmap(pci::Iova iova, uint64_t size) const noexcept override;

	sys::Fd fd_;
	uint32_t id_ = 0;
	// The first function, until somebody asks for it: without it the ranges are not known.
	std::string firstName_;
	sys::Fd first_;
};

}
