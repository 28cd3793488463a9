// SPDX-License-Identifier: MIT
#include "transfer/own_data.h"

#include "sys/error.h"

#include <algorithm>

namespace transfer
{

void OwnData::fill(const std::stop_token &stop, const std::function<void(uint64_t)> &tell)
{
	for (uint64_t at = 0; at < length_; at += Side::largestBlock) {
		if (stop.stop_requested())
			throw sys::Error("P2P_STOPPED", "interrupted");
		const auto size = std::min<uint64_t>(Side::largestBlock, length_ - at);
		source_.write(at, computed_.read(at, size));
		tell(at + size);
	}
}

bool OwnData::isSpoiled(const Mismatch &mismatch)
{
	const uint64_t at = mismatch.offset / Side::largestBlock * Side::largestBlock;
	if (at >= length_)
		return false;
	const auto size = std::min<uint64_t>(Side::largestBlock, length_ - at);
	return !std::ranges::equal(source_.read(at, size), computed_.read(at, size));
}

}
