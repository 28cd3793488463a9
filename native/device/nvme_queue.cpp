// SPDX-License-Identifier: MIT
#include "device/nvme_queue.h"

#include "device/shared_word.h"
#include "sys/error.h"

namespace device::nvme
{

static size_t pages(size_t bytes)
{
	return (bytes + 4095) / 4096 * 4096;
}

size_t QueuePair::memorySize(unsigned depth)
{
	return pages((depth + 1) * sizeof(Command)) + pages((depth + 1) * sizeof(Completion));
}

QueuePair::QueuePair(uint16_t queueId, uint16_t queueDepth, std::byte *memory, pci::Iova iova,
		     volatile uint32_t *sqDoorbell, volatile uint32_t *cqDoorbell)
    : id_(queueId), entries_(static_cast<uint16_t>(queueDepth + 1)),
      completionOffset_(pages(entries_ * sizeof(Command))), memory_(memory), iova_(iova),
      sqDoorbell_(sqDoorbell), cqDoorbell_(cqDoorbell), slots_(queueDepth), free_(queueDepth)
{
	for (uint16_t id = queueDepth; id-- > 0;)
		freeIds_.push_back(id);
}

std::optional<uint16_t> QueuePair::push(const Command &command, uint32_t tag)
{
	if (free_ == 0)
		return std::nullopt;

	const uint16_t id = freeIds_[--free_];
	slots_[id] = {.lba = command.dwords[0] | uint64_t{command.dwords[1]} << 32,
		      .tag = tag,
		      .nsid = command.nsid,
		      .opcode = command.opcode,
		      .isUnderWay = true};
	auto &entry = reinterpret_cast<Command *>(memory_)[tail_];
	entry = command;
	entry.id = id;
	tail_ = following(tail_);
	return id;
}

void QueuePair::ring()
{
	if (rungTail_ == tail_)
		return;
	rungTail_ = tail_;
	storeRelease<uint32_t>(*sqDoorbell_, tail_);
}

std::optional<Completion> QueuePair::pop()
{
	auto *entry = reinterpret_cast<volatile Completion *>(memory_ + completionOffset_) + head_;
	const uint16_t status = loadAcquire(entry->status);
	if ((status & 1) != phase_)
		return std::nullopt;

	const Completion completion{.result = entry->result,
				    .dword1 = 0,
				    .sqHead = entry->sqHead,
				    .sqId = entry->sqId,
				    .id = entry->id,
				    .status = status};
	head_ = following(head_);
	if (head_ == 0)
		phase_ ^= 1;
	if (completion.id >= slots_.size() || !slots_[completion.id].isUnderWay ||
	    completion.sqId != id_ || completion.sqHead >= entries_)
		throwWild(completion.id);
	slots_[completion.id].isUnderWay = false;
	freeIds_[free_++] = completion.id;
	return completion;
}

void QueuePair::throwWild(unsigned id)
{
	throw sys::Error("NVME_WILD", "a completion of no command", {{"id", std::to_string(id)}});
}

std::optional<uint16_t> QueuePair::overdue(uint64_t time, uint64_t timeout)
{
	for (uint16_t id = 0; id < slots_.size(); id++) {
		auto &slot = slots_[id];
		if (!slot.isUnderWay)
			continue;
		if (slot.seen == 0)
			slot.seen = time;
		else if (time - slot.seen > timeout)
			return id;
	}
	return std::nullopt;
}

void QueuePair::ringCompletions()
{
	if (rungHead_ == head_)
		return;
	rungHead_ = head_;
	// Entries are read before the device may write them again.
	storeRelease<uint32_t>(*cqDoorbell_, head_);
}

}
