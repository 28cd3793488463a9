// SPDX-License-Identifier: MIT
#include "device/prp.h"

namespace device::nvme
{

// The last of the 512 slots of a list page leads to the next page. A list that starts anywhere
// and needs more than the slots before it finds the chain just where the controller looks for it.
static constexpr uint64_t slots = 511;

static uint64_t pagesOf(uint64_t start, uint64_t length)
{
	return (start % PrpTable::page + length + PrpTable::page - 1) / PrpTable::page;
}

PrpTable::PrpTable(const vfio::Container &container, vfio::IovaPlan &plan, pci::Iova start,
		   uint64_t length)
    : start_(start), firstPage_(number(start) / page * page),
      list_(container, plan, (pagesOf(number(start), length) / slots + 1) * page)
{
	const uint64_t count = pagesOf(number(start), length);
	auto *entries = reinterpret_cast<uint64_t *>(list_.data());

	for (uint64_t index = 0; index < count; index++)
		entries[index / slots * 512 + index % slots] = firstPage_ + index * page;
	for (uint64_t listPage = 0; listPage < count / slots; listPage++)
		entries[listPage * 512 + slots] = number(list_.iova()) + (listPage + 1) * page;
}

PrpTable::Pointers PrpTable::at(uint64_t offset, size_t length) const
{
	const uint64_t first = number(start_) + offset;
	const uint64_t second = (first / page + 1) * page;

	switch (pagesOf(first, length)) {
	case 1:
		return {first, 0};
	case 2:
		return {first, second};
	default:
		return {first, entryIova((second - firstPage_) / page)};
	}
}

uint64_t PrpTable::entryIova(uint64_t index) const
{
	return number(list_.iova()) + (index / slots * 512 + index % slots) * sizeof(uint64_t);
}

}
