// SPDX-License-Identifier: MIT
#include "sys/uring.h"

#include "sys/error.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sys
{

// Younger than the headers may be: IORING_OP_URING_CMD and IORING_SETUP_SQE128, of 5.19.
static constexpr uint8_t driverCommand = 46;
static constexpr unsigned wideRequests = 1 << 10;

static Fd setUp(unsigned entries, io_uring_params &parameters)
{
	const long fd = syscall(__NR_io_uring_setup, entries, &parameters);
	return Fd(check(static_cast<int>(fd), "io_uring_setup", "io_uring"), "io_uring");
}

Uring::Uring(unsigned entries, Requests requests)
    : entries_(entries), requestSize_(requests == Requests::wide ? 128 : sizeof(io_uring_sqe))
{
	io_uring_params parameters{};
	parameters.flags = requests == Requests::wide ? wideRequests : 0;
	fd_ = setUp(entries, parameters);
	// Since 5.4 both rings are in one mapping.
	const auto &sq = parameters.sq_off;
	const auto &cq = parameters.cq_off;
	const size_t sqSize = sq.array + parameters.sq_entries * sizeof(unsigned);
	const size_t cqSize = cq.cqes + parameters.cq_entries * sizeof(io_uring_cqe);
	rings_ = View::ofFile(fd_, IORING_OFF_SQ_RING, std::max(sqSize, cqSize));
	requests_ = View::ofFile(fd_, IORING_OFF_SQES, parameters.sq_entries * requestSize_);
	sqTail_ = sq.tail;
	sqMask_ = sq.ring_mask;
	sqArray_ = sq.array;
	cqHead_ = cq.head;
	cqTail_ = cq.tail;
	cqMask_ = cq.ring_mask;
	cqes_ = cq.cqes;
}

unsigned &Uring::at(size_t offset) const
{
	return *reinterpret_cast<unsigned *>(rings_.data() + offset);
}

io_uring_sqe *Uring::next() const
{
	if (underWay_ >= entries_)
		return nullptr;
	auto *place = requests_.data() + (at(sqTail_) & at(sqMask_)) * requestSize_;
	std::memset(place, 0, requestSize_);
	return reinterpret_cast<io_uring_sqe *>(place);
}

void Uring::send()
{
	const unsigned tail = at(sqTail_);
	const unsigned index = tail & at(sqMask_);

	at(sqArray_ + index * sizeof(unsigned)) = index;
	std::atomic_ref(at(sqTail_)).store(tail + 1, std::memory_order_release);
	pushed_++;
	underWay_++;
}

bool Uring::push(bool isWrite, int file, std::span<std::byte> memory, uint64_t offset, uint64_t tag)
{
	auto *entry = next();
	if (!entry)
		return false;
	entry->opcode = isWrite ? IORING_OP_WRITE : IORING_OP_READ;
	entry->fd = file;
	entry->off = offset;
	entry->addr = reinterpret_cast<uintptr_t>(memory.data());
	entry->len = static_cast<uint32_t>(memory.size());
	entry->user_data = tag;
	send();
	return true;
}

bool Uring::pushCommand(int file, uint32_t command, std::span<const std::byte> facts, uint64_t tag)
{
	auto *entry = next();
	if (!entry)
		return false;
	entry->opcode = driverCommand;
	entry->fd = file;
	entry->off = command; // cmd_op, and 0 behind it
	entry->user_data = tag;
	// They start in the last words of a plain request.
	constexpr size_t start = 48;
	std::memcpy(reinterpret_cast<std::byte *>(entry) + start, facts.data(),
		    std::min(facts.size(), requestSize_ - start));
	send();
	return true;
}

void Uring::submit()
{
	if (pushed_ == 0)
		return;
	const long taken = syscall(__NR_io_uring_enter, fd_.number(), pushed_, 0, 0, nullptr, 0);
	pushed_ -=
		static_cast<unsigned>(check(static_cast<int>(taken), "io_uring_enter", "io_uring"));
}

std::optional<Uring::Completion> Uring::pop()
{
	const unsigned head = at(cqHead_);
	if (head == std::atomic_ref(at(cqTail_)).load(std::memory_order_acquire))
		return std::nullopt;
	const auto &entry =
		reinterpret_cast<const io_uring_cqe *>(rings_.data() + cqes_)[head & at(cqMask_)];
	const Completion completion{entry.user_data, entry.res};
	std::atomic_ref(at(cqHead_)).store(head + 1, std::memory_order_release);
	underWay_--;
	return completion;
}

}
