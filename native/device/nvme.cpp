// SPDX-License-Identifier: MIT
#include "device/nvme.h"

#include "device/nvme_status.h"
#include "sys/clock.h"
#include "sys/error.h"

#include <algorithm>
#include <cstring>

namespace device
{

using namespace nvme;
using sys::Error;

static constexpr uint64_t second = 1'000'000'000;
static constexpr uint64_t adminTimeout = 60 * second; // as the kernel's driver
static constexpr uint64_t flushTimeout = 30 * second;
static constexpr uint64_t drainTimeout = 2 * second;
static constexpr uint16_t adminDepth = 15;
// MDTS may be unlimited; a request beyond this gains nothing.
static constexpr size_t largestTransfer = 2 << 20;

template <class T> static T field(const std::byte *data, size_t offset)
{
	T value;
	std::memcpy(&value, data + offset, sizeof value);
	return value;
}

Nvme::Nvme(vfio::Container &container, vfio::IovaPlan &plan, const pci::Function &function,
	   const NvmeOptions &options)
    : container_(container), plan_(plan), function_(container, function),
      registers_(function_.view(0)), nsid_(options.nsid), depth_(options.depth),
      scratch_(container, plan, PrpLayout::page)
{
	bringUp(options);
}

void Nvme::bringUp(const NvmeOptions &options)
{
	function_.enable();
	cap_ = read64(CAP);
	if (~cap_ == 0)
		throw Error("NVME_DEAD", "the controller does not answer",
			    {{"bdf", function_.name()}});
	if (capMinPage(cap_) != 0)
		throw Error("NVME_FORMAT", "the controller wants pages above 4 KiB",
			    {{"bdf", function_.name()}});

	disable();
	enable();
	identifyController();
	identifyNamespace();
	makeQueues(options.queues);
}

// After an error the other requests are still under way: they get a moment to end by themselves,
// which is kinder to a controller than losing its queues under them.
void Nvme::drain()
{
	for (auto &queue : queues_) {
		sys::Patience patience(drainTimeout);
		do {
			while (queue.pop())
				patience.renew();
			queue.ringCompletions();
		} while (queue.underWay() > 0 && patience.turn());
	}
}

void Nvme::silence() noexcept
{
	try {
		if (isUp_) {
			drain();
			disable();
		}
	} catch (const Error &) {
		function_.reset();
	}
	try {
		function_.silence();
	} catch (const Error &) {
		// Gone from the bus: there is nobody left to silence.
	}
}

uint32_t Nvme::read32(size_t reg) const
{
	return *reinterpret_cast<volatile uint32_t *>(registers_.data() + reg);
}

uint64_t Nvme::read64(size_t reg) const
{
	const uint64_t low = read32(reg);
	return low | static_cast<uint64_t>(read32(reg + 4)) << 32;
}

void Nvme::write32(size_t reg, uint32_t value) const
{
	*reinterpret_cast<volatile uint32_t *>(registers_.data() + reg) = value;
}

void Nvme::write64(size_t reg, uint64_t value) const
{
	write32(reg, static_cast<uint32_t>(value));
	write32(reg + 4, static_cast<uint32_t>(value >> 32));
}

volatile uint32_t *Nvme::doorbell(unsigned index) const
{
	const size_t offset = DOORBELLS + (index * size_t{4} << capDoorbellStride(cap_));
	if (offset + 4 > registers_.size())
		throw Error("NVME_FORMAT", "doorbell outside of BAR 0",
			    {{"bdf", function_.name()}});
	return reinterpret_cast<volatile uint32_t *>(registers_.data() + offset);
}

void Nvme::waitStatus(uint32_t mask, uint32_t value, uint64_t timeoutNs) const
{
	sys::Patience patience(timeoutNs);

	for (uint32_t status = read32(CSTS); (status & mask) != value; status = read32(CSTS)) {
		if (~status == 0)
			throw Error("NVME_DEAD", "the controller is gone",
				    {{"bdf", function_.name()}});
		if (!patience.turn())
			throw timedOut("the controller's status");
	}
}

static uint64_t readyTimeout(uint64_t cap)
{
	return std::max<uint64_t>(capTimeout(cap) * (second / 2), second);
}

void Nvme::disable() const
{
	write32(CC, read32(CC) & ~CC_EN);
	waitStatus(CSTS_RDY, 0, readyTimeout(cap_));
}

void Nvme::enable()
{
	adminQueue_ = std::make_unique<QueuePair>(container_, plan_, uint16_t{0}, adminDepth,
						  doorbell(0), doorbell(1));
	const uint32_t last = adminQueue_->entries() - 1u;

	write32(AQA, last << 16 | last);
	write64(ASQ, number(adminQueue_->submissionIova()));
	write64(ACQ, number(adminQueue_->completionIova()));
	write32(CC, CC_EN | CC_IOSQES | CC_IOCQES);
	waitStatus(CSTS_RDY | CSTS_CFS, CSTS_RDY, readyTimeout(cap_));
	isUp_ = true;
}

const std::byte *Nvme::identify(uint32_t cns, uint32_t nsid)
{
	std::memset(scratch_.data(), 0, PrpLayout::page);
	admin({.opcode = IDENTIFY, .nsid = nsid, .prp1 = number(scratch_.iova()), .dwords = {cns}});
	return scratch_.data();
}

void Nvme::identifyController()
{
	const auto *data = identify(CNS_CONTROLLER, 0);
	const auto mdts = field<uint8_t>(data, ID_CTRL_MDTS);

	maxTransfer_ = mdts == 0 || mdts > 10 ? largestTransfer : PrpLayout::page << mdts;
	hasVolatileCache_ = field<uint8_t>(data, ID_CTRL_VWC) & 1;
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
	const auto *data = nsid_ ? identify(CNS_NAMESPACE, nsid_) : nullptr;
	const uint64_t size = data ? field<uint64_t>(data, ID_NS_NSZE) : 0;
	if (size == 0)
		throw Error("P2P_NO_NAMESPACE", "no such namespace",
			    {{"bdf", function_.name()},
			     {"nsid", std::to_string(nsid_)},
			     {"has", activeNamespaces(identify(CNS_ACTIVE_NAMESPACES, 0))}});

	const auto flbas = field<uint8_t>(data, ID_NS_FLBAS);
	const unsigned index = (flbas & 0xfu) | (flbas >> 5 & 3u) << 4;
	const auto format = field<uint32_t>(data, ID_NS_LBAF + index * 4);
	const unsigned shift = format >> 16 & 0xff;
	const bool hasMetadata = (format & 0xffff) != 0 || field<uint8_t>(data, ID_NS_DPS) != 0;
	if (hasMetadata || shift < 9 || shift > 16)
		throw Error("NVME_FORMAT", "a namespace format with metadata or protection",
			    {{"bdf", function_.name()}, {"nsid", std::to_string(nsid_)}});
	blockSize_ = size_t{1} << shift;
	blocks_ = size;
}

void Nvme::makeQueues(unsigned wanted)
{
	const unsigned ask = wanted - 1;
	const uint32_t granted = admin({.opcode = SET_FEATURES,
					.dwords = {FEATURE_NUMBER_OF_QUEUES, ask << 16 | ask}})
					 .result;
	const unsigned count = std::min({wanted, (granted & 0xffff) + 1, (granted >> 16) + 1});
	depth_ = std::min<unsigned>(depth_, static_cast<unsigned>(capMqes(cap_)));

	for (unsigned i = 1; i <= count; i++) {
		auto &queue = queues_.emplace_back(container_, plan_, static_cast<uint16_t>(i),
						   static_cast<uint16_t>(depth_), doorbell(2 * i),
						   doorbell(2 * i + 1));
		const uint32_t size = (queue.entries() - 1u) << 16 | i;
		admin({.opcode = CREATE_IO_CQ,
		       .prp1 = number(queue.completionIova()),
		       .dwords = {size, QUEUE_PHYSICALLY_CONTIGUOUS}});
		admin({.opcode = CREATE_IO_SQ,
		       .prp1 = number(queue.submissionIova()),
		       .dwords = {size, i << 16 | QUEUE_PHYSICALLY_CONTIGUOUS}});
	}
}

Completion Nvme::admin(Command command)
{
	adminQueue_->push(command);
	return finish(*adminQueue_, adminTimeout);
}

// Rings and waits for the one command under way in that queue.
Completion Nvme::finish(QueuePair &queue, uint64_t timeoutNs)
{
	sys::Patience patience(timeoutNs);

	queue.ring();
	for (;;) {
		if (const auto completion = queue.pop()) {
			queue.ringCompletions();
			checkStatus(queue, *completion);
			return *completion;
		}
		if (!patience.turn())
			throw timedOut("a command");
	}
}

static const char *operation(uint16_t queueId, uint8_t opcode)
{
	if (queueId == 0)
		return "an administrative command";
	return opcode == READ ? "Read" : opcode == WRITE ? "Write" : "Flush";
}

void Nvme::checkStatus(const QueuePair &queue, const Completion &completion) const
{
	const auto code = static_cast<uint8_t>(completion.status >> 1);
	const auto type = static_cast<uint8_t>(completion.status >> 9 & 7);
	if (code == 0 && type == 0)
		return;

	const auto &command = queue.command(completion.id);
	const uint64_t lba = command.dwords[0] | static_cast<uint64_t>(command.dwords[1]) << 32;
	throw Error("NVME_STATUS", statusName(type, code),
		    {{"bdf", function_.name()},
		     {"status", statusName(type, code)},
		     {"type", std::to_string(type)},
		     {"statusCode", std::to_string(code)},
		     {"operation", operation(queue.id(), command.opcode)},
		     {"lba", std::to_string(lba)},
		     {"nsid", std::to_string(command.nsid)}});
}

Error Nvme::timedOut(const std::string &what) const
{
	return Error("P2P_TIMEOUT", function_.name() + ": timed out waiting for " + what,
		     {{"bdf", function_.name()}, {"what", what}});
}

Target Nvme::prepare(pci::Iova start, uint64_t length)
{
	targets_.emplace_back(container_, plan_, start, length);
	return Target{static_cast<unsigned>(targets_.size() - 1)};
}

bool Nvme::start(const Request &request)
{
	auto &queue = queues_[next_];
	const auto pointers =
		targets_[static_cast<unsigned>(request.target)].at(request.offset, request.length);
	const uint64_t lba = request.medium / blockSize_;
	const bool isTaken = queue.push({
		.opcode = request.direction == Direction::fromMedium ? READ : WRITE,
		.nsid = nsid_,
		.prp1 = pointers.prp1,
		.prp2 = pointers.prp2,
		.dwords = {static_cast<uint32_t>(lba), static_cast<uint32_t>(lba >> 32),
			   static_cast<uint32_t>(request.length / blockSize_ - 1)},
	});

	if (isTaken)
		next_ = (next_ + 1) % queues();
	return isTaken;
}

unsigned Nvme::poll()
{
	unsigned finished = 0;

	for (auto &queue : queues_) {
		queue.ring();
		while (const auto completion = queue.pop()) {
			finished++;
			if (completion->status >> 1) {
				queue.ringCompletions();
				checkStatus(queue, *completion);
			}
		}
		queue.ringCompletions();
	}
	return finished;
}

void Nvme::flush()
{
	if (!hasVolatileCache_)
		return;
	queues_.front().push({.opcode = FLUSH, .nsid = nsid_});
	finish(queues_.front(), flushTimeout);
}

void Nvme::shutDown()
{
	for (auto queue = queues_.rbegin(); queue != queues_.rend(); ++queue) {
		admin({.opcode = DELETE_IO_SQ, .dwords = {queue->id()}});
		admin({.opcode = DELETE_IO_CQ, .dwords = {queue->id()}});
	}
	write32(CC, (read32(CC) & ~CC_SHN_MASK) | CC_SHN_NORMAL);
	waitStatus(CSTS_SHST_MASK, CSTS_SHST_COMPLETE, 20 * second);
	disable();
	isUp_ = false;
}

}
