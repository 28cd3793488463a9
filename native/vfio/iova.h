// SPDX-License-Identifier: MIT
// Who gets which iova. A BAR gets its own bus address where the IOMMU allows that, so that a
// request ends at the same bytes whether a switch turns it or the root complex does. Host memory
// never gets an address that a bridge or BAR decodes, or a switch would hand it to that device.
#pragma once

#include "pci/address.h"
#include "pci/machine.h"

#include <cstdint>
#include <vector>

namespace vfio
{

struct Range {
	uint64_t start = 0;
	uint64_t end = 0; // the last byte

	bool overlaps(const Range &other) const { return start <= other.end && other.start <= end; }
	bool contains(const Range &other) const { return start <= other.start && other.end <= end; }
};

class IovaPlan
{
public:
	// usable: what the IOMMU accepts, reserved ranges left out; ascending.
	IovaPlan(std::vector<Range> usable, const pci::Machine &machine);

	// From now on nothing beyond what so many address bits reach.
	void limit(unsigned bits);

	// The BAR's bus address where usable and free, else any free range of that size.
	pci::Iova takeBar(pci::BusAddress address, uint64_t size);
	// The lowest free range outside everything that is decoded on the bus.
	pci::Iova takeHost(uint64_t size);

private:
	pci::Iova take(const Range &range);
	Range lowestFree(uint64_t size, const std::vector<Range> &avoid) const;

	std::vector<Range> usable_;
	std::vector<Range> decoded_;
	std::vector<Range> taken_;
};

}
