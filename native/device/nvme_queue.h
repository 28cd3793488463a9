// SPDX-License-Identifier: MIT
// A submission and a completion queue that belong together, and their doorbells. Nothing here
// calls the system or allocates once it is made.
#pragma once

#include "device/nvme_regs.h"
#include "pci/address.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace device::nvme
{

class QueuePair
{
public:
	// Bytes of memory for so many commands under way; the rings have one entry more.
	static size_t memorySize(unsigned depth);

	// memory: zeroed, and kept for as long as the controller may use it; iova: where the
	// controller finds it.
	QueuePair(uint16_t queueId, uint16_t queueDepth, std::byte *memory, pci::Iova iova,
		  volatile uint32_t *sqDoorbell, volatile uint32_t *cqDoorbell);

	uint16_t id() const { return id_; }
	uint16_t entries() const { return entries_; }
	pci::Iova submissionIova() const { return iova_; }
	pci::Iova completionIova() const { return iova_ + completionOffset_; }
	unsigned underWay() const { return static_cast<unsigned>(slots_.size() - free_); }

	// Puts a command into the ring, with an id of its own; nullopt when the queue is full. The
	// device learns of it at the next ring(). tag: for whoever pops it.
	std::optional<uint16_t> push(const Command &command, uint32_t tag = 0);
	void ring();
	// The next finished command; nullopt where there is none yet. Error NVME_WILD for an id
	// that is not under way, and for a completion of another queue: a device that makes them
	// up cannot be believed any more.
	std::optional<Completion> pop();
	uint32_t tag(unsigned id) const { return slots_[id].tag; }
	// Tells the device how far the completion queue was read.
	void ringCompletions();
	// What is known of a command under its id, until that is used again.
	struct Slot {
		uint64_t lba = 0; // and whatever else stands in dwords 10 and 11
		uint64_t seen = 0;
		uint32_t tag = 0;
		uint32_t nsid = 0;
		uint8_t opcode = 0;
		bool isUnderWay = false;
	};
	const Slot &slot(unsigned id) const { return slots_[id]; }
	// The ids of all, for walks over the slots.
	unsigned depth() const { return entries_ - 1u; }
	// The id of a command that has been under way for longer than timeout, counted from the
	// first call that saw it; nanoseconds, time as of sys::now().
	std::optional<uint16_t> overdue(uint64_t time, uint64_t timeout);

private:
	uint16_t id_;
	uint16_t entries_;
	size_t completionOffset_;
	std::byte *memory_;
	pci::Iova iova_;
	volatile uint32_t *sqDoorbell_;
	volatile uint32_t *cqDoorbell_;

	uint16_t following(uint16_t index) const
	{
		return index + 1u == entries_ ? uint16_t{0} : static_cast<uint16_t>(index + 1);
	}
	[[noreturn]] static void throwWild(unsigned id);

	std::vector<Slot> slots_;
	std::vector<uint16_t> freeIds_; // the first so many of them
	size_t free_;
	uint16_t tail_ = 0, rungTail_ = 0;
	uint16_t head_ = 0, rungHead_ = 0;
	uint16_t phase_ = 1;
};

}
