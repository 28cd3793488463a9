// SPDX-License-Identifier: MIT
// A function that issues requests: it moves bytes between its own medium and memory elsewhere.
// One class per kind of device, in a file of its own. Its end leaves the device silent: after it
// no request is under way.
#pragma once

#include "pci/address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace device
{

enum class Direction {
	fromMedium, // the device reads its medium and writes to memory
	toMedium,   // the device reads memory and writes its medium
};

// Memory that an engine was told about; it knows how to point requests at it.
enum class Target : unsigned {};

struct Request {
	Direction direction = Direction::fromMedium;
	uint64_t medium = 0; // byte offset in the medium, a multiple of the block size
	Target target{};     // from prepare()
	uint64_t offset = 0; // byte offset in that memory, a multiple of 4
	size_t length = 0;   // bytes, at most maxTransfer(), a multiple of the block size
};

class Client
{
public:
	virtual ~Client() = default;

	virtual std::string engine() const = 0;
	virtual size_t blockSize() const = 0;
	virtual uint64_t mediumSize() const = 0; // bytes
	virtual size_t maxTransfer() const = 0;
	virtual unsigned queues() const = 0;
	virtual unsigned depth() const = 0; // requests under way at once, per queue

	// Everything that can be made ready for memory at start is made here, so that a request
	// costs no allocation later.
	virtual Target prepare(pci::Iova start, uint64_t length) = 0;

	// Hands one request to the device; false when as many are under way as it takes.
	virtual bool start(const Request &request) = 0;
	// Looks for finished requests, without waiting; how many there were. A request that the
	// device ended with anything but success is an Error that carries the device's status.
	virtual unsigned poll() = 0;

	// What was written is on the medium when this returns.
	virtual void flush() = 0;
	// An orderly end, with errors; the destructor silences the device in any case.
	virtual void shutDown() = 0;
};

}
