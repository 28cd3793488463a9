// SPDX-License-Identifier: MIT
#include "device/nvme_errors.h"

#include "device/field.h"
#include "device/nvme_status.h"

namespace device::nvme
{

// Error Information Log Entry: byte offsets.
static constexpr size_t COUNT = 0, SQID = 8, CID = 10, STATUS = 12, LBA = 16, NSID = 24;

std::vector<LoggedError> errorsIn(std::span<const std::byte> page, uint64_t after)
{
	std::vector<LoggedError> errors;

	for (; page.size() >= errorEntrySize; page = page.subspan(errorEntrySize)) {
		const auto *entry = page.data();
		const auto count = field<uint64_t>(entry, COUNT);
		if (count <= after || ~count == 0) // 0: not used; ones: nobody wrote it
			continue;
		const auto status = field<uint16_t>(entry, STATUS); // bit 0 is the phase
		errors.push_back({.count = count,
				  .status = statusName(static_cast<uint8_t>(status >> 9 & 7),
						       static_cast<uint8_t>(status >> 1)),
				  .queue = field<uint16_t>(entry, SQID),
				  .command = field<uint16_t>(entry, CID),
				  .lba = field<uint64_t>(entry, LBA),
				  .nsid = field<uint32_t>(entry, NSID)});
	}
	return errors;
}

}
