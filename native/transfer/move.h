// SPDX-License-Identifier: MIT
// The loops that keep clients busy. No system call, allocation or copy per request.
#pragma once

#include "device/client.h"
#include "route/clearance.h"
#include "transfer/beat.h"

#include <cstdint>
#include <span>
#include <vector>

namespace transfer
{

// A stretch of the medium and the memory that belongs to it.
struct Span {
	device::Direction direction = device::Direction::fromMedium;
	uint64_t medium = 0;
	device::Target target{};
	uint64_t offset = 0;
	uint64_t length = 0;
};

struct Moved {
	uint64_t bytes = 0; // fewer than asked for where a stream came to its end
	uint64_t requests = 0;
};

// Slots of a ring at most.
constexpr size_t mostSlots = 4096;

// Memory that lies between two clients, as a ring of slots: one fills it, the other empties it.
struct Ring {
	device::Target ofSource{};
	device::Target ofSink{};
	uint64_t size = 0; // bytes
};

// Memory of the host's, or memory that only the CPU touches: no function reaches into another.
struct OwnMemory {
};

// Leave to move: of every function that takes part, or because none reaches into another.
class Leave
{
public:
	explicit Leave(OwnMemory) {}
	// Not empty.
	explicit Leave(std::span<const route::Clearance> clearances);
};

// Moves the span. Errors: the client's; P2P_TIMEOUT; P2P_STOPPED where stop was asked for. All but
// the last have a fact `certain`, up to where from the start all requests have finished, in bytes,
// and, where one request is to blame, `offset`, its place.
Moved move(const Leave &leave, device::Client &client, const Span &span, const Pace &pace);

// Moves length bytes from one medium to another through the ring, reads and writes under way at
// once. Errors as move(); P2P_UNALIGNED where a stream ends inside of a block.
struct Stretch {
	uint64_t from = 0; // bytes of the source's medium
	uint64_t to = 0;   // bytes of the sink's medium
	uint64_t length = 0;
};
Moved relay(const Leave &leave, device::Client &source, device::Client &sink, const Ring &ring,
	    const Stretch &stretch, const Pace &pace);

// Spans between a medium and our own host memory, all of them under way at once as far as the
// client takes that: nothing peer-to-peer about it, so that it needs no clearance. For reading
// back, poison and signatures. Its end waits for what is under way.
class Errand
{
public:
	// The client must outlive it. Error P2P_TIMEOUT where it still has requests of others.
	Errand(device::Client &client, const std::vector<Span> &spans);
	~Errand();

	// Hands over what the client takes and looks for what is done, without waiting; did
	// anything finish? Errors: the client's.
	bool turn();
	// Returns once all is done. Errors: the client's; P2P_TIMEOUT; P2P_STOPPED.
	void finish();

private:
	size_t collect();

	device::Client &client_;
	std::vector<device::Request> requests_;
	size_t started_ = 0, finished_ = 0;
};

}
