// SPDX-License-Identifier: MIT
// What the registers CMBLOC and CMBSZ, given in hexadecimal, tell of a controller memory buffer in
// a BAR of so many bytes: BAR, offset, bytes, and whether it is for data.

#include "device/nvme_memory.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

int main(int count, char **words)
{
	if (count != 4)
		return 2;
	auto part = device::nvme::cmbIn(static_cast<uint32_t>(strtoul(words[1], nullptr, 16)),
					static_cast<uint32_t>(strtoul(words[2], nullptr, 16)));
	if (part)
		part = device::nvme::cutTo(strtoull(words[3], nullptr, 16), *part);
	if (part)
		printf("bar%d+%#" PRIx64 " %" PRIu64 "%s\n", part->bar, part->offset, part->size,
		       part->isForData() ? " data" : "");
	else
		printf("none\n");
	return 0;
}
