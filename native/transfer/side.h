// SPDX-License-Identifier: MIT
// The two ends of a copy as the proof sees them: bytes by their position in the copy, read over a
// way of their own.
#pragma once

#include "device/client.h"
#include "device/file.h"
#include "transfer/pattern.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace transfer
{

using Bytes = std::span<const std::byte>;

class Side
{
public:
	// No block is larger.
	static constexpr size_t largestBlock = 1 << 20;

	virtual ~Side() = default;

	// Valid until the next read.
	virtual Bytes read(uint64_t offset, size_t length) = 0;
	virtual void write(uint64_t offset, Bytes bytes) = 0;
	// Memory can be overwritten beforehand as a whole; a disk is not written twice.
	virtual bool isMemory() const = 0;
};

// Memory that the CPU sees.
class MemorySide : public Side
{
public:
	// stop: a slow BAR takes long to read.
	explicit MemorySide(std::span<std::byte> memory, std::stop_token stop = {})
	    : memory_(memory), copy_(largestBlock), stop_(std::move(stop))
	{
	}

	Bytes read(uint64_t offset, size_t length) override;
	void write(uint64_t offset, Bytes bytes) override;
	bool isMemory() const override { return true; }

private:
	std::span<std::byte> memory_;
	std::vector<std::byte> copy_;
	std::stop_token stop_;
};

// A medium, through its client and host memory.
class MediumSide : public Side
{
public:
	// start: where the copy lies in the medium. staging: host memory of largestBlock bytes.
	MediumSide(device::Client &client, uint64_t start, const device::Memory &staging)
	    : client_(client), start_(start), staging_(staging.bytes),
	      target_(client.prepare(staging))
	{
	}

	Bytes read(uint64_t offset, size_t length) override;
	void write(uint64_t offset, Bytes bytes) override;
	bool isMemory() const override { return false; }

private:
	device::Client &client_;
	uint64_t start_;
	std::span<std::byte> staging_;
	device::Target target_;
};

// A stream that was read: what it gave last.
class PastSide : public Side
{
public:
	explicit PastSide(const device::File &stream) : stream_(stream), copy_(largestBlock) {}

	Bytes read(uint64_t offset, size_t length) override;
	void write(uint64_t, Bytes) override {}
	bool isMemory() const override { return false; }

private:
	const device::File &stream_;
	std::vector<std::byte> copy_;
};

// Data of our own, computed.
class PatternSide : public Side
{
public:
	explicit PatternSide(const Pattern &pattern) : pattern_(pattern), copy_(largestBlock) {}

	Bytes read(uint64_t offset, size_t length) override;
	void write(uint64_t, Bytes) override {}
	bool isMemory() const override { return false; }

private:
	Pattern pattern_;
	std::vector<std::byte> copy_;
};

}
