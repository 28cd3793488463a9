// SPDX-License-Identifier: MIT
// The two ends of a copy as the proof sees them: bytes by their position in the copy, read over a
// way of their own.
#pragma once

#include "device/client.h"
#include "device/file.h"
#include "transfer/move.h"
#include "transfer/pattern.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

namespace transfer
{

using Bytes = std::span<const std::byte>;

// A stretch of the copy, in bytes.
struct Block {
	uint64_t offset = 0;
	size_t length = 0;
};
// What is read or written in one go: not empty, largestBlock bytes at most, and all but the last
// are multiples of 4 long.
using Blocks = std::span<const Block>;

inline Blocks only(const Block &block)
{
	return {&block, 1};
}

class Side
{
public:
	// No block is larger, nor are several together.
	static constexpr size_t largestBlock = 1 << 20;

	virtual ~Side() = default;

	// Starts what the next read will be of, so that the other side can be read meanwhile.
	virtual void begin(Blocks) {}
	// The bytes of the blocks, one after another. Valid until the next read or write.
	virtual Bytes read(Blocks blocks) = 0;
	// bytes: of the blocks, one after another.
	virtual void write(Blocks blocks, Bytes bytes) = 0;
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

	Bytes read(Blocks blocks) override;
	void write(Blocks blocks, Bytes bytes) override;
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

	void begin(Blocks blocks) override;
	Bytes read(Blocks blocks) override;
	void write(Blocks blocks, Bytes bytes) override;
	bool isMemory() const override { return false; }

private:
	std::vector<Span> spans(device::Direction direction, Blocks blocks) const;

	device::Client &client_;
	uint64_t start_;
	std::span<std::byte> staging_;
	device::Target target_;
	std::unique_ptr<Errand> begun_;
	Block begunOf_; // the first of them, with the length of all
};

// A stream that was read: what it gave last.
class PastSide : public Side
{
public:
	explicit PastSide(const device::File &stream) : stream_(stream), copy_(largestBlock) {}

	Bytes read(Blocks blocks) override;
	void write(Blocks, Bytes) override {}
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

	Bytes read(Blocks blocks) override;
	void write(Blocks, Bytes) override {}
	bool isMemory() const override { return false; }

private:
	Pattern pattern_;
	std::vector<std::byte> copy_;
};

}
