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
	QueuePair(const vfio::AddressSpace &space, vfio::IovaPlan &plan, uint16_t queueId,
		  uint16_t queueDepth, volatile uint32_t *sqDoorbell,
		  volatile uint32_t *cqDoorbell);

	uint16_t id() const { return id_; }
	uint16_t entries() const { return entries_; }
	pci::Iova submissionIova() const { return memory_.iova(); }
	pci::Iova completionIova() const { return memory_.iova() + completionOffset_; }
	unsigned underWay() const { return underWay_; }

	// Puts a command into the ring, with an id of its own; false when the queue is full. The
	// device learns of it at the next ring(). tag: for whoever pops it.
	bool push(Command command, uint32_t tag = 0);
	void ring();
	// The next finished command; nullopt where there is none yet. Error NVME_WILD for an id
	// that is not under way: a device that makes ids up cannot be believed any more.
	std::optional<Completion> pop();
	uint32_t tag(unsigned id) const { return slots_[id].tag; }
	// Tells the device how far the completion queue was read.
	void ringCompletions();
	// The command that finished with that id, for messages.
	const Command &command(unsigned id) const { return slots_[id].command; }

private:
	struct Slot {
		Command command;
		uint32_t tag = 0;
		bool isUnderWay = false;
	};

	uint16_t id_;
	uint16_t entries_;
	size_t completionOffset_;
	vfio::HostWindow memory_;
	volatile uint32_t *sqDoorbell_;
	volatile uint32_t *cqDoorbell_;

	std::vector<uint16_t> freeIds_;
	std::vector<Slot> slots_;
	unsigned underWay_ = 0;
	uint16_t tail_ = 0, rungTail_ = 0;
	uint16_t head_ = 0, rungHead_ = 0;
	uint16_t phase_ = 1;
};

}
