// SPDX-License-Identifier: MIT
#include "device/cpu.h"

#include "sys/words.h"

namespace device
{

bool Cpu::start(const Request &request)
{
	if (done_)
		return false;
	auto *medium = medium_.data() + request.medium;
	auto *memory = targetOf(request).bytes.data() + request.offset;

	if (request.direction == Direction::fromMedium)
		sys::copyWords(memory, medium, request.length);
	else
		sys::copyWords(medium, memory, request.length);
	done_ = request.tag;
	return true;
}

size_t Cpu::poll(std::span<uint32_t> finished)
{
	if (!done_ || finished.empty())
		return 0;
	finished[0] = *done_;
	done_.reset();
	return 1;
}

}
