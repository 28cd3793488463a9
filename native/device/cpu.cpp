// SPDX-License-Identifier: MIT
#include "device/cpu.h"

#include "sys/words.h"

#include <algorithm>

namespace device
{

static constexpr size_t mostAtOnce = 64 << 10; // bytes

bool Cpu::start(const Request &request)
{
	if (count_ == done_.size() || bytes_ >= mostAtOnce)
		return false;
	auto *medium = medium_.data() + request.medium;
	auto *memory = targetOf(request).bytes.data() + request.offset;

	if (request.direction == Direction::fromMedium)
		sys::copyWords(memory, medium, request.length);
	else
		sys::copyWords(medium, memory, request.length);
	done_[count_++] = request.tag;
	bytes_ += request.length;
	return true;
}

size_t Cpu::poll(std::span<uint32_t> finished)
{
	const size_t count = std::min(count_, finished.size());
	std::copy_n(done_.begin(), count, finished.begin());
	std::copy(done_.begin() + count, done_.begin() + count_, done_.begin());
	count_ -= count;
	bytes_ = 0;
	return count;
}

}
