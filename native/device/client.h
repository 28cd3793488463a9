// SPDX-License-Identifier: MIT
// What moves bytes between a medium of its own and memory elsewhere: a controller that issues
// requests, or the CPU on its behalf. One class per kind, in a file of its own. Its end leaves it
// silent: after it no request is under way.
#pragma once

#include "device/nvme_errors.h"
#include "pci/address.h"
#include "sys/signal.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace device
{

enum class Direction {
	fromMedium, // the medium is read and memory written
	toMedium,   // memory is read and the medium written
};

// Memory that requests point at: as functions reach it, and as the CPU does.
struct Memory {
	pci::Iova iova{};
	std::span<std::byte> bytes{};
	size_t width = 8; // bytes of the widest word that the CPU takes of it
};

// Memory that a client was told about; it knows how to point requests at it.
enum class Target : unsigned {};

struct Request {
	Direction direction = Direction::fromMedium;
	uint64_t medium = 0; // byte offset in the medium, a multiple of the block size
	Target target{};     // from prepare()
	uint64_t offset = 0; // byte offset in that memory, a multiple of 4
	size_t length = 0;   // bytes, at most maxTransfer(), a multiple of the block size
	uint32_t tag = 0;    // comes back from poll()
};

// How long a client may take for one request, and what ends its waits early.
struct Limits {
	uint64_t timeoutNs = 30'000'000'000;
	std::stop_token stop{};
};

class Client
{
public:
	virtual ~Client() = default;

	void limit(Limits limits) { limits_ = std::move(limits); }
	const Limits &limits() const { return limits_; }

	virtual std::string engine() const = 0;
	virtual size_t blockSize() const = 0;
	virtual uint64_t mediumSize() const = 0; // bytes; streamSize where only its end tells
	virtual size_t maxTransfer() const = 0;
	virtual unsigned queues() const { return 1; }
	virtual unsigned depth() const { return 1; } // requests under way at once, per queue

	// Everything that can be made ready for memory at start is made here, so that a request
	// costs no allocation later.
	virtual Target prepare(const Memory &memory)
	{
		targets_.push_back(memory);
		return Target{static_cast<unsigned>(targets_.size() - 1)};
	}

	// Hands one request over; false when as many are under way as it takes.
	virtual bool start(const Request &request) = 0;
	// Looks for finished requests, without waiting, and writes their tags; how many there
	// were. A request that ended with anything but success is an Error that carries the
	// device's status; the others can be polled for all the same.
	virtual size_t poll(std::span<uint32_t> finished) = 0;
	// Makes ready for being waited for. What had finished before shows in the descriptor or in
	// one more poll(); nullopt where the client can only be looked at, or is to be looked at
	// once more before.
	virtual std::optional<sys::Signal> signal() { return std::nullopt; }
	// To be called now and then while requests are under way. Error P2P_GONE (nobody answers),
	// P2P_TIMEOUT (a request is over the limit; it has been aborted then, or the device reset),
	// NVME_FATAL.
	virtual void check() {}
	// How many requests the device still has.
	virtual unsigned underWay() const { return 0; }
	// Tags of requests that have not finished, failed ones among them; nothing where they
	// finish in order. For telling what is certain after an Error.
	virtual std::vector<uint32_t> unfinished() const { return {}; }
	// Where a stream turned out to end, in bytes of the medium.
	virtual std::optional<uint64_t> end() const { return std::nullopt; }

	// What the device's own log holds of errors above that count; nothing where it keeps none.
	// Never an Error.
	virtual std::vector<nvme::LoggedError> errors(uint64_t) { return {}; }
	// What was written is on the medium when this returns.
	virtual void flush() {}
	// An orderly end, with errors; the destructor silences the device in any case.
	virtual void shutDown() {}

protected:
	const Memory &targetOf(const Request &request) const
	{
		return targets_[static_cast<unsigned>(request.target)];
	}

private:
	std::vector<Memory> targets_;
	Limits limits_;
};

// The size of a medium that can only be read or written in order.
constexpr uint64_t streamSize = UINT64_MAX;

}
