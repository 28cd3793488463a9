// SPDX-License-Identifier: MIT
#include "device/nvme.h"

#include "device/field.h"
#include "sys/clock.h"
#include "sys/error.h"

#include <algorithm>

namespace device
{

using namespace nvme;
using sys::Error;

static constexpr uint64_t second = 1'000'000'000;
static constexpr uint64_t flushTimeout = 30 * second;
static constexpr uint64_t drainTimeout = 2 * second;

Nvme::Nvme(vfio::AddressSpace &space, vfio::IovaPlan &plan, std::shared_ptr<Controller> controller,
	   const NvmeOptions &options)
    : space_(space), plan_(plan), controller_(std::move(controller)), nsid_(options.nsid)
{
	identifyNamespace();
	for (unsigned i = 0; i < options.queues; i++)
		if (auto queue = controller_->makeQueues(options.depth))
			queues_.push_back(std::move(queue));
	if (queues_.empty())
		throw Error("NVME_FORMAT", "the controller grants no more queues",
			    {{"bdf", controller_->name()}});
}

// After an error the other requests are still under way: they get a moment to end by themselves,
// which is kinder to a controller than losing its queues under them. Then it is switched off
// before their memory goes.
Nvme::Silencer::~Silencer()
{
	try {
		if (nvme.controller_->isUp())
			nvme.drain();
	} catch (const Error &) {
		// Whatever it says now, it is switched off next.
	}
	nvme.controller_->silence();
}

void Nvme::drain()
{
	for (auto &queue : queues_) {
		sys::Patience patience(drainTimeout);
		do {
			while (queue->pop())
				patience.renew();
			queue->ringCompletions();
		} while (queue->underWay() > 0 && patience.turn());
	}
}

static std::string activeNamespaces(const std::byte *list)
{
	std::string names;
	for (size_t i = 0; i < 1024; i++) {
		const auto nsid = field<uint32_t>(list, i * 4);
		if (nsid == 0)
			break;
		names += (names.empty() ? "ns" : ", ns") + std::to_string(nsid);
	}
	return names;
}

void Nvme::identifyNamespace()
{
	const auto *data = nsid_ ? controller_->identify(CNS_NAMESPACE, nsid_) : nullptr;
	const uint64_t size = data ? field<uint64_t>(data, ID_NS_NSZE) : 0;
	if (size == 0)
		throw Error("P2P_NO_NAMESPACE", "no such namespace",
			    {{"bdf", controller_->name()},
			     {"nsid", std::to_string(nsid_)},
			     {"has",
			      activeNamespaces(controller_->identify(CNS_ACTIVE_NAMESPACES, 0))}});

	const auto flbas = field<uint8_t>(data, ID_NS_FLBAS);
	const unsigned index = (flbas & 0xfu) | (flbas >> 5 & 3u) << 4;
	const auto format = field<uint32_t>(data, ID_NS_LBAF + index * 4);
	const unsigned shift = format >> 16 & 0xff;
	const bool hasMetadata = (format & 0xffff) != 0 || field<uint8_t>(data, ID_NS_DPS) != 0;
	if (hasMetadata || shift < 9 || shift > 16)
		throw Error("NVME_FORMAT", "a namespace format with metadata or protection",
			    {{"bdf", controller_->name()}, {"nsid", std::to_string(nsid_)}});
	blockSize_ = size_t{1} << shift;
	blocks_ = size;
}

unsigned Nvme::depth() const
{
	return queues_.front()->entries() - 1u;
}

Target Nvme::prepare(const Memory &memory)
{
	targets_.emplace_back(space_, plan_, memory.iova, memory.bytes.size());
	return Target{static_cast<unsigned>(targets_.size() - 1)};
}

bool Nvme::start(const Request &request)
{
	auto &queue = *queues_[next_];
	const auto pointers =
		targets_[static_cast<unsigned>(request.target)].at(request.offset, request.length);
	const uint64_t lba = request.medium / blockSize_;
	const bool isTaken = queue.push(
		{
			.opcode = request.direction == Direction::fromMedium ? READ : WRITE,
			.nsid = nsid_,
			.prp1 = pointers.prp1,
			.prp2 = pointers.prp2,
			.dwords = {static_cast<uint32_t>(lba), static_cast<uint32_t>(lba >> 32),
				   static_cast<uint32_t>(request.length / blockSize_ - 1)},
		},
		request.tag);

	if (isTaken)
		next_ = (next_ + 1) % queues();
	return isTaken;
}

size_t Nvme::poll(std::span<uint32_t> finished)
{
	size_t count = 0;

	for (auto &queue : queues_) {
		queue->ring();
		while (count < finished.size()) {
			const auto completion = queue->pop();
			if (!completion)
				break;
			finished[count++] = queue->tag(completion->id);
			if (completion->status >> 1) {
				queue->ringCompletions();
				controller_->checkStatus(*queue, *completion);
			}
		}
		queue->ringCompletions();
	}
	return count;
}

std::vector<LoggedError> Nvme::errors(uint64_t after)
{
	try {
		return controller_->isUp() ? controller_->errors(after)
					   : std::vector<LoggedError>{};
	} catch (const Error &) {
		return {}; // it keeps no log, or is beyond asking
	}
}

void Nvme::flush()
{
	if (!controller_->hasVolatileCache())
		return;
	queues_.front()->push({.opcode = FLUSH, .nsid = nsid_});
	controller_->finish(*queues_.front(), flushTimeout);
}

void Nvme::shutDown()
{
	if (!controller_->isUp())
		return;
	for (auto queue = queues_.rbegin(); queue != queues_.rend(); ++queue)
		controller_->deleteQueues(**queue);
	controller_->shutDown();
}

}
