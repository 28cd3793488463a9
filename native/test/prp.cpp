// SPDX-License-Identifier: MIT
// Walks PRP lists as a controller does (Base Specification 4.1.1) and compares each page with the
// one that the request means. Prints how many requests were walked; ends with 1 at the first
// wrong one.

#include "device/prp.h"

#include <cstdio>
#include <vector>

using device::nvme::PrpLayout;

static constexpr uint64_t page = PrpLayout::page;
static constexpr uint64_t listIova = 0x40000000;

static bool isRight(const std::vector<uint64_t> &list, PrpLayout::Pointers pointers, uint64_t first,
		    uint64_t length)
{
	if (pointers.prp1 != first)
		return false;
	uint64_t left = first % page + length > page ? first % page + length - page : 0;
	uint64_t expected = first / page * page + page;
	if (left <= page)
		return left == 0 ? pointers.prp2 == 0 : pointers.prp2 == expected;

	uint64_t at = pointers.prp2;
	while (left > 0) {
		const uint64_t entry = list.at((at - listIova) / 8);
		if (at % page == page - 8 && left > page) {
			at = entry;
			continue;
		}
		if (entry != expected)
			return false;
		expected += page;
		at += 8;
		left -= left < page ? left : page;
	}
	return true;
}

int main()
{
	unsigned walked = 0;

	for (const uint64_t start : {0x80000000ull, 0x80000204ull}) {
		const uint64_t size = 1600 * page;
		const PrpLayout layout(start, size);
		std::vector<uint64_t> list(layout.size() / 8);
		layout.fill(list.data(), listIova);

		for (uint64_t offset = 0; offset < size; offset += page - 512)
			for (uint64_t length = 512; length <= size - offset;
			     length += 3 * page + 512) {
				walked++;
				if (isRight(list, layout.at(offset, length, listIova),
					    start + offset, length))
					continue;
				printf("wrong: start %#llx offset %#llx length %#llx\n",
				       static_cast<unsigned long long>(start),
				       static_cast<unsigned long long>(offset),
				       static_cast<unsigned long long>(length));
				return 1;
			}
	}
	printf("%u requests\n", walked);
	return 0;
}
