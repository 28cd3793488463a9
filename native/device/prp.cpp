// SPDX-License-Identifier: MIT
#include "device/prp.h"

namespace device::nvme
{

static constexpr uint64_t slots = 511; // data entries of a list page; one more is the chain
static constexpr uint64_t shift = 256; // of the second copy

static uint64_t pagesOf(uint64_t start, uint64_t length)
{
	return (start % PrpLayout::page + length + PrpLayout::page - 1) / PrpLayout::page;
}

PrpLayout::PrpLayout(uint64_t start, uint64_t length)
    : start_(start), firstPage_(start / page * page), count_(pagesOf(start, length)),
      copyPages_((count_ + shift) / slots + 1)
{
}

// The place of an entry in the list, counted in entries of eight bytes.
uint64_t PrpLayout::slot(unsigned copy, uint64_t index) const
{
	const uint64_t place = index + copy * shift;
	return (copy * copyPages_ + place / slots) * 512 + place % slots;
}

void PrpLayout::fill(uint64_t *entries, uint64_t listIova) const
{
	for (unsigned copy = 0; copy < 2; copy++)
		for (uint64_t index = 0; index < count_; index++)
			entries[slot(copy, index)] = firstPage_ + index * page;
	for (uint64_t listPage = 0; listPage + 1 < 2 * copyPages_; listPage++)
		entries[listPage * 512 + slots] = listIova + (listPage + 1) * page;
}

PrpLayout::Pointers PrpLayout::at(uint64_t offset, size_t length, uint64_t listIova) const
{
	const uint64_t first = start_ + offset;
	const uint64_t second = (first / page + 1) * page;
	const uint64_t pages = pagesOf(first, length);
	if (pages <= 2)
		return {first, pages == 2 ? second : 0};

	const uint64_t index = (second - firstPage_) / page;
	const uint64_t end = index % slots + pages - 1;
	const unsigned copy = end > slots && end % slots == 1;
	return {first, listIova + slot(copy, index) * sizeof(uint64_t)};
}

}
