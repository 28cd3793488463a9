// SPDX-License-Identifier: MIT
#include "device/nvme.h"

#include "device/nvme_identify.h"
#include "sys/clock.h"
#include "sys/error.h"

namespace device
{

using namespace nvme;
using sys::Error;

static constexpr uint64_t second = 1'000'000'000;
static constexpr uint64_t flushTimeout = 30 * second;
static constexpr uint64_t abortTimeout = second / 2;

Nvme::Nvme(vfio::AddressSpace &space, vfio::IovaPlan &plan, std::shared_ptr<Controller> controller,
	   const NvmeOptions &options)
    : space_(space), plan_(plan), controller_(std::move(controller)), nsid_(options.nsid)
{
	identifyNamespace();
	lanes_.emplace(controller_->name(), nsid_, blockSize_);
	for (unsigned i = 0; i < options.queues; i++)
		if (auto queue = controller_->makeQueues(options.depth))
			lanes_->add(std::move(queue));
	if (lanes_->queues().empty())
		throw Error("NVME_FORMAT", "the controller grants no more queues",
			    {{"bdf", controller_->name()}});
}

// The controller is switched off before the memory of its requests goes.
Nvme::Silencer::~Silencer()
{
	nvme.controller_->silence();
}

static std::string activeNamespaces(IdentifyPage list)
{
	std::string names;
	for (const uint32_t nsid : namespacesIn(list))
		names += (names.empty() ? "ns" : ", ns") + std::to_string(nsid);
	return names;
}

void Nvme::identifyNamespace()
{
	NamespaceData data;
	if (nsid_ != 0)
		data = namespaceIn(controller_->identify(CNS_NAMESPACE, nsid_),
				   controller_->maxTransfer());
	if (data.blocks == 0)
		throw Error("P2P_NO_NAMESPACE", "no such namespace",
			    {{"bdf", controller_->name()},
			     {"nsid", std::to_string(nsid_)},
			     {"has",
			      activeNamespaces(controller_->identify(CNS_ACTIVE_NAMESPACES, 0))}});
	if (data.blockSize == 0)
		throw Error("NVME_FORMAT",
			    "a namespace format with metadata or protection, or an odd one",
			    {{"bdf", controller_->name()}, {"nsid", std::to_string(nsid_)}});
	blockSize_ = data.blockSize;
	blocks_ = data.blocks;
}

unsigned Nvme::depth() const
{
	return lanes_->queues().front()->depth();
}

Target Nvme::prepare(const Memory &memory)
{
	const PrpLayout layout(number(memory.iova), memory.bytes.size());
	const auto &list = lists_.emplace_back(space_, plan_, layout.size());
	layout.fill(reinterpret_cast<uint64_t *>(list.data()), number(list.iova()));
	return lanes_->add(layout, list.iova());
}

// Armed only while somebody waits: whoever looks anyway is not to be interrupted.
std::optional<sys::Signal> Nvme::signal()
{
	auto &interrupt = controller_->interrupt();
	if (underWay() == 0)
		return sys::Signal{};
	const bool wasArmed = interrupt.isArmed();
	if (!interrupt.arm())
		return std::nullopt;
	if (!wasArmed)
		return std::nullopt;
	return sys::Signal{interrupt.fd(), sys::Signal::Sort::counter};
}

void Nvme::check()
{
	controller_->checkHealth();
	const uint64_t time = sys::now();
	controller_->interrupt().disarmUnused(time);
	for (auto &queue : lanes_->queues())
		if (const auto id = queue->overdue(time, limits().timeoutNs))
			giveUp(*queue, *id);
}

// Abort is a wish that controllers may decline: the next step ends all that they do.
void Nvme::giveUp(QueuePair &queue, uint16_t id)
{
	auto error = controller_->overdue(queue, id);
	bool isUp = controller_->askToAbort(queue, id);
	sys::Patience patience(abortTimeout, limits().stop);

	while (isUp && queue.slot(id).isUnderWay && patience.turn())
		if (const auto completion = queue.pop();
		    completion && completion->status >> 1 != 0 && completion->id != id)
			lanes_->noteFailure(queue, *completion);
	queue.ringCompletions();
	isUp = isUp && !queue.slot(id).isUnderWay;
	error.facts["done"] = isUp ? "aborted" : controller_->reset();
	lanes_->giveUp(queue.tag(id));
	throw error;
}

unsigned Nvme::underWay() const
{
	unsigned count = 0;
	for (const auto &queue : lanes_->queues())
		count += controller_->isUp() ? queue->underWay() : 0;
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
	controller_->run(*lanes_->queues().front(), {.opcode = FLUSH, .nsid = nsid_}, flushTimeout);
}

void Nvme::shutDown()
{
	if (!controller_->isUp())
		return;
	auto &queues = lanes_->queues();
	for (auto queue = queues.rbegin(); queue != queues.rend(); ++queue)
		controller_->deleteQueues(**queue);
	controller_->shutDown();
}

}
