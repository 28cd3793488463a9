// SPDX-License-Identifier: MIT
// Bytes on either side of a destination in memory: a copy must leave them as they were.
#pragma once

#include "transfer/hold.h"
#include "transfer/verify.h"

#include <optional>
#include <vector>

namespace transfer
{

class Fence
{
public:
	// memory: nullptr where the destination is none. Notes what lies beside length bytes of it.
	Fence(const HeldMemory *memory, uint64_t length);

	// 'guard', where it is not so any more; offset from the start of the copy: behind its end,
	// or the length of what lies before.
	std::optional<Mismatch> check() const;

private:
	std::span<std::byte> before_, after_;
	std::vector<std::byte> wasBefore_, wasAfter_;
	uint64_t length_;
};

}
