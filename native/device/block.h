// SPDX-License-Identifier: MIT
// A namespace that the kernel's driver has, as /dev/nvmeXnY: read and written past the page cache
// (O_DIRECT), through io_uring. Pointed at memory of p2pmem/allocate its requests are peer-to-peer
// (Documentation/driver-api/pci/p2pdma.rst of the kernel).
#pragma once

#include "device/client.h"
#include "sys/error.h"
#include "sys/uring.h"

#include <vector>

namespace device
{

class Block : public Client
{
public:
	// For writing the kernel is asked to refuse a device that anything holds (O_EXCL): Error
	// P2P_IN_USE then. Errors with errno's name; P2P_NO_BLOCK where the path is none.
	Block(const std::string &path, bool isForWriting, unsigned depth);
	~Block() override;

	std::string engine() const override { return "kernel"; }
	size_t blockSize() const override { return blockSize_; }
	uint64_t mediumSize() const override { return size_; }
	size_t maxTransfer() const override { return size_t{128} << 10; }
	unsigned depth() const override { return depth_; }

	bool start(const Request &request) override;
	// Errors with the request's own errno's name.
	size_t poll(std::span<uint32_t> finished) override;
	std::optional<sys::Signal> signal() override { return sys::Signal{ring_.fd()}; }
	unsigned underWay() const override { return ring_.underWay(); }
	std::vector<uint32_t> unfinished() const override;
	void flush() override;

private:
	void requireWhole(const sys::Uring::Completion &completion) const;

	sys::Fd fd_;
	size_t blockSize_ = 0;
	uint64_t size_ = 0;
	unsigned depth_;
	sys::Uring ring_;
	std::vector<size_t> lengths_; // of what is under way, by its place in the ring's tags
	std::vector<uint32_t> tags_;
	std::vector<uint32_t> free_;        // a request that failed keeps its place
	std::optional<sys::Error> failure_; // not told yet
};

}
