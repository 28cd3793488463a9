// SPDX-License-Identifier: MIT
// io_uring(7): reads and writes handed to the kernel in batches, one system call for all of them.
#pragma once

#include "sys/fd.h"
#include "sys/view.h"

#include <cstdint>
#include <optional>

struct io_uring_sqe;

namespace sys
{

class Uring
{
public:
	// wide: of 128 bytes each, which commands with facts of their own need (Linux 5.19).
	enum class Requests { plain, wide };
	// entries: requests under way at most; a power of two. Error with errno's name; EPERM where
	// kernel.io_uring_disabled forbids it, ENOSYS where the kernel has none.
	explicit Uring(unsigned entries, Requests requests = Requests::plain);

	// Puts a request into the ring; false when it is full. The kernel learns of it at submit().
	bool push(bool isWrite, int file, std::span<std::byte> memory, uint64_t offset,
		  uint64_t tag);
	// The same for a command to the driver behind a file, of a wide ring: IORING_OP_URING_CMD.
	// facts: as the driver wants them, 80 bytes at most.
	bool pushCommand(int file, uint32_t command, std::span<const std::byte> facts,
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
	// The next request, cleared, for at most one call of send(); nullptr where none is free.
	io_uring_sqe *next() const;
	void send();

	unsigned entries_;
	size_t requestSize_;
	Fd fd_;
	View rings_, requests_;
	size_t sqTail_ = 0, sqMask_ = 0, sqArray_ = 0; // byte offsets in rings_
	size_t cqHead_ = 0, cqTail_ = 0, cqMask_ = 0, cqes_ = 0;
	unsigned pushed_ = 0;
	unsigned underWay_ = 0;
};

}
