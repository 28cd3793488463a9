// SPDX-License-Identifier: MIT
#include "device/nvme_lanes.h"

#include "device/nvme_status.h"

#include <bit>
#include <utility>

namespace device::nvme
{

Lanes::Lanes(std::string name, uint32_t nsid, size_t blockSize)
    : name_(std::move(name)), nsid_(nsid),
      blockShift_(static_cast<unsigned>(std::countr_zero(blockSize)))
{
}

Target Lanes::add(const PrpLayout &layout, pci::Iova listIova)
{
	places_.push_back({layout, number(listIova)});
	return Target{static_cast<unsigned>(places_.size() - 1)};
}

bool Lanes::start(const Request &request)
{
	const auto &place = places_[static_cast<unsigned>(request.target)];
	const auto pointers = place.layout.at(request.offset, request.length, place.listIova);
	const uint64_t lba = request.medium >> blockShift_;
	const auto id = queues_[next_]->push(
		{
			.opcode = request.direction == Direction::fromMedium ? READ : WRITE,
			.nsid = nsid_,
			.prp1 = pointers.prp1,
			.prp2 = pointers.prp2,
			.dwords = {static_cast<uint32_t>(lba), static_cast<uint32_t>(lba >> 32),
				   static_cast<uint32_t>((request.length >> blockShift_) - 1)},
		},
		request.tag);

	if (id && ++next_ == queues_.size())
		next_ = 0;
	return id.has_value();
}

// What failed is told once all that finished before it has been.
size_t Lanes::poll(std::span<uint32_t> finished)
{
	size_t count = 0;

	if (failure_)
		throw *std::exchange(failure_, std::nullopt);
	for (auto &queue : queues_) {
		queue->ring();
		while (count < finished.size()) {
			const auto completion = queue->pop();
			if (!completion)
				break;
			if (completion->status >> 1 == 0)
				finished[count++] = queue->tag(completion->id);
			else
				noteFailure(*queue, *completion);
		}
		queue->ringCompletions();
	}
	if (failure_ && count == 0)
		throw *std::exchange(failure_, std::nullopt);
	return count;
}

void Lanes::noteFailure(const QueuePair &queue, const Completion &completion)
{
	failed_.push_back(queue.tag(completion.id));
	if (!failure_)
		failure_ = statusError(name_, queue, completion);
}

std::vector<uint32_t> Lanes::unfinished() const
{
	auto tags = failed_;
	for (const auto &queue : queues_)
		for (unsigned id = 0; id < queue->depth(); id++)
			if (queue->slot(id).isUnderWay)
				tags.push_back(queue->tag(id));
	return tags;
}

}
