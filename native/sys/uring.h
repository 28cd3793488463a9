// SPDX-License-Identifier: MIT
// io_uring(7): reads and writes handed to the kernel in batches, one system call for all of them.
#pragma once

#include "sys/fd.h"
#include "sys/view.h"

#include <cstdint>
#include <optional>

namespace sys
{

class Uring
{
public:
	// entries: requests under way at most; a power of two. Error with errno's name; EPERM where
	// kernel.io_uring_disabled forbids it, ENOSYS where the kernel has none.
	explicit Uring(unsigned entries);

	// Puts a request into the ring; false when it is full. The kernel learns of it at submit().
	bool push(bool isWrite, int file, std::span<std::byte> memory, uint64_t offset,
		  uint64_t tag);
	// io_uring_enter(2), where something was pushed.
	void submit();

	struct Completion {
		uint64_t tag = 0;
		int result = 0; // bytes, or -errno
	};
	std::optional<Completion> pop();
	// Readable, for poll(2), while pop() would answer.
	int fd() const { return fd_.number(); }
	unsigned underWay() const { return underWay_; }

private:
	unsigned &at(size_t offset) const;

	unsigned entries_;
	Fd fd_;
	View rings_, requests_;
	size_t sqTail_ = 0, sqMask_ = 0, sqArray_ = 0; // byte offsets in rings_
	size_t cqHead_ = 0, cqTail_ = 0, cqMask_ = 0, cqes_ = 0;
	unsigned pushed_ = 0;
	unsigned underWay_ = 0;
};

}
