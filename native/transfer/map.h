// SPDX-License-Identifier: MIT
// The story of p2p-map: a provider's memory in the client's IOMMU address space, for as long as
// somebody needs it.
#pragma once

#include "sys/stop.h"
#include "transfer/plan.h"

#include <functional>

namespace transfer
{

struct MapOrder {
	std::string client;
	std::string provider;
	int bar = 0;
	uint64_t offset = 0;            // bytes, a multiple of the page size
	std::optional<uint64_t> length; // to the end of the BAR where left out
	uint64_t hostMemory = 0;        // bytes of host memory to map as well; 0: none
	Permission permission;
	std::string mechanism{}; // as of an Order
};

// What is mapped. The descriptors stay open until the mapping ends.
struct Mapping {
	route::Verdict verdict;
	std::string mechanism; // 'type1' or 'iommufd'
	std::string access;    // 'vfio' or 'sysfs'
	pci::Iova iova{};
	pci::BusAddress busAddress{};
	uint64_t length = 0;
	int clientFd = -1;
	int dmaBufFd = -1; // -1: none
	int hostFd = -1;   // -1: none
	pci::Iova hostIova{};
	uint64_t hostLength = 0;
};

// Maps, tells, and holds until stop; then Bus Master of the client is cleared before anything is
// unmapped. Errors as plan() and those of vfio.
void map(const pci::Machine &machine, const MapOrder &order, const sys::Stop &stop,
	 const std::function<void(Mapping)> &tell);

}
