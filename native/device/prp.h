// SPDX-License-Identifier: MIT
// Physical Region Pages for one stretch of iova space, prepared once: a request anywhere in it
// needs two numbers and no list of its own (Base Specification 4.1.1).
#pragma once

#include "vfio/host.h"

#include <cstdint>

namespace device::nvme
{

class PrpTable
{
public:
	static constexpr uint64_t page = 4096;

	struct Pointers {
		uint64_t prp1 = 0;
		uint64_t prp2 = 0;
	};

	PrpTable(const vfio::Container &container, vfio::IovaPlan &plan, pci::Iova start,
		 uint64_t length);

	// For length bytes from offset on; offset a multiple of 4.
	Pointers at(uint64_t offset, size_t length) const;

private:
	uint64_t entryIova(uint64_t index) const;

	pci::Iova start_;
	uint64_t firstPage_;
	vfio::HostWindow list_;
};

}
