// SPDX-License-Identifier: MIT
// A submission and a completion queue that belong together, and their doorbells. Nothing here
// calls the system or allocates once it is made.
#pragma once

#include "device/nvme_regs.h"
#include "vfio/host.h"

#include <atomic>
#include <optional>
#include <vector>

namespace device::nvme
{

class QueuePair
{
public:
	// depth: commands under way at once; the rings have one entry more.
	QueuePair(const vfio::Container &container, vfio::IovaPlan &plan, uint16_t queueId,
		  uint16_t queueDepth, volatile uint32_t *sqDoorbell,
		  volatile uint32_t *cqDoorbell);

	uint16_t id() const { return id_; }
	uint16_t entries() const { return entries_; }
	pci::Iova submissionIova() const { return memory_.iova(); }
	pci::Iova completionIova() const { return memory_.iova() + completionOffset_; }
	unsigned underWay() const { return underWay_; }

	// Puts a command into the ring, with an id of its own; false when the queue is full. The
	// device learns of it at the next ring().
	bool push(Command command);
	void ring();
	// The next finished command; nullopt where there is none yet.
	std::optional<Completion> pop();
	// Tells the device how far the completion queue was read.
	void ringCompletions();
	// The command that finished with that id, for messages.
	const Command &command(unsigned id) const { return issued_[id % issued_.size()]; }

private:
	uint16_t id_;
	uint16_t entries_;
	size_t completionOffset_;
	vfio::HostWindow memory_;
	volatile uint32_t *sqDoorbell_;
	volatile uint32_t *cqDoorbell_;

	std::vector<uint16_t> freeIds_;
	std::vector<Command> issued_;
	unsigned underWay_ = 0;
	uint16_t tail_ = 0, rungTail_ = 0;
	uint16_t head_ = 0, rungHead_ = 0;
	uint16_t phase_ = 1;
};

}
