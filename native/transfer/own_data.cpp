// SPDX-License-Identifier: MIT
#include "transfer/own_data.h"

#include "sys/stop.h"

#include <algorithm>

namespace transfer
{

void OwnData::fill(const std::stop_token &stop, const std::function<void(uint64_t)> &tell)
{
	for (uint64_t at = 0; at < length_; at += Side::largestBlock) {
		sys::checkStop(stop);
		const auto size = std::min<uint64_t>(Side::largestBlock, length_ - at);
		const Block block{at, size};
		source_.write(only(block), computed_.read(only(block)));
		tell(at + size);
	}
}

bool OwnData::isSpoiled(const Mismatch &mismatch)
{
	const uint64_t at = mismatch.offset / Side::largestBlock * Side::largestBlock;
	if (at >= length_)
		return false;
	const auto size = std::min<uint64_t>(Side::largestBlock, length_ - at);
	const Block block{at, size};
	return !std::ranges::equal(source_.read(only(block)), computed_.read(only(block)));
}

}
