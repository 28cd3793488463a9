// SPDX-License-Identifier: MIT
#include "device/nvme_queue.h"

#include "sys/error.h"

#include <cstring>

namespace device::nvme
{

static size_t pages(size_t bytes)
{
	return (bytes + 4095) / 4096 * 4096;
}

QueuePair::QueuePair(const vfio::AddressSpace &space, vfio::IovaPlan &plan, uint16_t queueId,
		     uint16_t queueDepth, volatile uint32_t *sqDoorbell,
		     volatile uint32_t *cqDoorbell)
    : id_(queueId), entries_(static_cast<uint16_t>(queueDepth + 1)),
      completionOffset_(pages(entries_ * sizeof(Command))),
      memory_(space, plan, completionOffset_ + pages(entries_ * sizeof(Completion))),
      sqDoorbell_(sqDoorbell), cqDoorbell_(cqDoorbell), slots_(queueDepth)
{
	for (uint16_t id = queueDepth; id-- > 0;)
		freeIds_.push_back(id);
}

bool QueuePair::push(Command command, uint32_t tag)
{
	if (freeIds_.empty())
		return false;

	command.id = freeIds_.back();
	freeIds_.pop_back();
	slots_[command.id] = {command, tag, true};
	std::memcpy(memory_.data() + tail_ * sizeof command, &command, sizeof command);
	tail_ = static_cast<uint16_t>((tail_ + 1) % entries_);
	underWay_++;
	return true;
}

void QueuePair::ring()
{
	if (rungTail_ == tail_)
		return;
	std::atomic_thread_fence(std::memory_order_release);
	*sqDoorbell_ = rungTail_ = tail_;
}

std::optional<Completion> QueuePair::pop()
{
	auto *entry =
		reinterpret_cast<volatile Completion *>(memory_.data() + completionOffset_) + head_;
	const uint16_t status = entry->status;
	if ((status & 1) != phase_)
		return std::nullopt;

	std::atomic_thread_fence(std::memory_order_acquire);
	const Completion completion{.result = entry->result,
				    .dword1 = 0,
				    .sqHead = entry->sqHead,
				    .sqId = entry->sqId,
				    .id = entry->id,
				    .status = status};
	head_ = static_cast<uint16_t>((head_ + 1) % entries_);
	if (head_ == 0)
		phase_ ^= 1;
	if (completion.id >= slots_.size() || !slots_[completion.id].isUnderWay)
		throw sys::Error("NVME_WILD", "a completion of no command",
				 {{"id", std::to_string(completion.id)}});
	slots_[completion.id].isUnderWay = false;
	freeIds_.push_back(completion.id);
	underWay_--;
	return completion;
}

void QueuePair::ringCompletions()
{
	if (rungHead_ != head_)
		*cqDoorbell_ = rungHead_ = head_;
}

}
