// SPDX-License-Identifier: MIT
// A controller's own log of errors (Base Specification 2.0, 5.16.1.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace device::nvme
{

struct LoggedError {
	uint64_t count = 0; // unique, ascending for as long as the controller lives
	std::string status; // name of the status
	uint16_t queue = 0;
	uint16_t command = 0; // id
	uint64_t lba = 0;
	uint32_t nsid = 0;
};

constexpr size_t errorEntrySize = 64;

// Entries of the page that a controller wrote, whatever it says; those with a count above 'after'.
std::vector<LoggedError> errorsIn(std::span<const std::byte> page, uint64_t after);

}
