// SPDX-License-Identifier: MIT
// The part of a copy that moves bytes: one client between its medium and memory, or two with a
// ring between them.
#pragma once

#include "transfer/hold.h"
#include "transfer/move.h"
#include "transfer/plan.h"

#include <optional>
#include <vector>

namespace transfer
{

// How much of peer memory between two clients is written as a ring; bytes.
uint64_t ringSize(const HeldMemory &memory);

class Carrier
{
public:
	// plan, hold: kept by reference. length: of the whole copy. Error P2P_RANGE where the
	// memory is too small for a ring.
	Carrier(const Plan &plan, Hold &hold, uint64_t length);

	size_t blockSize() const; // the larger of the clients'
	size_t requestSize() const { return requestSize_; }
	// The first client that takes part; its queues and depth stand for both.
	const device::Client &client() const
	{
		return hold_.source() ? *hold_.source() : *hold_.sink();
	}
	// Peer memory that functions reach into; nullptr: the host's alone.
	const HeldMemory *peer() const;

	// offset: bytes from the start of the copy. Errors of move() and relay().
	Moved move(uint64_t offset, uint64_t length, Pace pace);

private:
	void aim(uint64_t length);
	void makeRing();
	void makeRingOf(const device::Video &video);
	device::Memory ringMemory() const;
	size_t mostUnderWay() const;

	const Plan &plan_;
	Hold &hold_;
	std::vector<route::Clearance> clearances_;
	std::optional<HostMemory> host_;
	device::Target target_{};
	Ring ring_{};
	size_t requestSize_ = 0;
};

}
