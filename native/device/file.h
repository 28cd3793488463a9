// SPDX-License-Identifier: MIT
// A file or a stream (pipe, terminal, character device) as a medium: the CPU carries its bytes.
// Never peer-to-peer.
#pragma once

#include "device/client.h"
#include "sys/fd.h"

#include <vector>

namespace device
{

class File : public Client
{
public:
	static constexpr size_t usualMost = 1 << 20;

	// size: bytes of the medium; streamSize: a stream, which is read or written in order.
	// most: bytes of a request.
	File(sys::Fd fd, uint64_t size, size_t most = usualMost);

	// The file itself, where it was not there at first.
	void open(sys::Fd fd) { fd_ = std::move(fd); }

	std::string engine() const override { return "file"; }
	size_t blockSize() const override { return 1; }
	uint64_t mediumSize() const override { return size_; }
	size_t maxTransfer() const override { return buffer_.size(); }

	// A stream's requests have to come in order of the medium. Errors with errno's name.
	bool start(const Request &request) override;
	size_t poll(std::span<uint32_t> finished) override;
	std::optional<sys::Signal> signal() override;
	std::optional<uint64_t> end() const override { return end_; }
	void flush() override;

	// Does a stream go on? nullopt where that cannot be told yet.
	std::optional<bool> isMore() const;
	bool isStream() const { return size_ == streamSize; }
	// What a stream gave last, byte position % size: so that it can be compared later.
	std::span<const std::byte> past() const { return past_; }
	void keepPast(size_t size) { past_.resize(size); }

private:
	void advance();
	void readMore(std::span<std::byte> into);
	void remember(std::span<const std::byte> bytes);

	sys::Fd fd_;
	uint64_t size_;
	std::vector<std::byte> buffer_;
	std::vector<std::byte> past_;
	std::optional<Request> request_;
	size_t done_ = 0; // bytes of it
	bool isFinished_ = false;
	std::optional<uint64_t> end_;
};

}
