// SPDX-License-Identifier: MIT
#include "device/nvme_controller.h"

#include "device/field.h"
#include "device/nvme_status.h"
#include "device/prp.h"
#include "sys/clock.h"

#include <algorithm>
#include <cstring>

namespace device::nvme
{

using sys::Error;

static constexpr uint64_t second = 1'000'000'000;
static constexpr uint64_t adminTimeout = 60 * second; // as the kernel's driver
static constexpr uint16_t adminDepth = 15;
// MDTS may be unlimited; a request beyond this gains nothing.
static constexpr size_t largestTransfer = 2 << 20;
static constexpr unsigned mostQueues = 64;

Controller::Controller(vfio::AddressSpace &space, vfio::IovaPlan &plan,
		       const pci::Function &function)
    : space_(space), plan_(plan), function_(space.take(function)), registers_(function_->view(0)),
      scratch_(space, plan, PrpLayout::page)
{
	bringUp();
}

Controller::~Controller() = default;

void Controller::bringUp()
{
	function_->enable();
	cap_ = read64(CAP);
	if (~cap_ == 0)
		throw Error("NVME_DEAD", "the controller does not answer", {{"bdf", name()}});
	if (capMinPage(cap_) != 0)
		throw Error("NVME_FORMAT", "the controller wants pages above 4 KiB",
			    {{"bdf", name()}});

	disable();
	enable();
	identifyController();
	const uint32_t ask = mostQueues - 1;
	const uint32_t granted = admin({.opcode = SET_FEATURES,
					.dwords = {FEATURE_NUMBER_OF_QUEUES, ask << 16 | ask}})
					 .result;
	grantedQueues_ = std::min({mostQueues, (granted & 0xffff) + 1, (granted >> 16) + 1});
}

void Controller::silence() noexcept
{
	try {
		if (isUp_)
			disable();
	} catch (const Error &) {
		function_->reset();
	}
	isUp_ = false;
	try {
		function_->silence();
	} catch (const Error &) {
		// Gone from the bus: there is nobody left to silence.
	}
}

uint32_t Controller::read32(size_t reg) const
{
	return *reinterpret_cast<volatile uint32_t *>(registers_.data() + reg);
}

uint64_t Controller::read64(size_t reg) const
{
	const uint64_t low = read32(reg);
	return low | static_cast<uint64_t>(read32(reg + 4)) << 32;
}

void Controller::write32(size_t reg, uint32_t value) const
{
	*reinterpret_cast<volatile uint32_t *>(registers_.data() + reg) = value;
}

void Controller::write64(size_t reg, uint64_t value) const
{
	write32(reg, static_cast<uint32_t>(value));
	write32(reg + 4, static_cast<uint32_t>(value >> 32));
}

volatile uint32_t *Controller::doorbell(unsigned index) const
{
	const size_t offset = DOORBELLS + (index * size_t{4} << capDoorbellStride(cap_));
	if (offset + 4 > registers_.size())
		throw Error("NVME_FORMAT", "doorbell outside of BAR 0", {{"bdf", name()}});
	return reinterpret_cast<volatile uint32_t *>(registers_.data() + offset);
}

void Controller::waitStatus(uint32_t mask, uint32_t value, uint64_t timeoutNs) const
{
	sys::Patience patience(timeoutNs);

	for (uint32_t status = read32(CSTS); (status & mask) != value; status = read32(CSTS)) {
		if (~status == 0)
			throw Error("NVME_DEAD", "the controller is gone", {{"bdf", name()}});
		if (!patience.turn())
			throw timedOut("the controller's status");
	}
}

static uint64_t readyTimeout(uint64_t cap)
{
	return std::max<uint64_t>(capTimeout(cap) * (second / 2), second);
}

void Controller::disable() const
{
	write32(CC, read32(CC) & ~CC_EN);
	waitStatus(CSTS_RDY, 0, readyTimeout(cap_));
}

void Controller::enable()
{
	adminQueue_ = std::make_unique<QueuePair>(space_, plan_, uint16_t{0}, adminDepth,
						  doorbell(0), doorbell(1));
	const uint32_t last = adminQueue_->entries() - 1u;

	write32(AQA, last << 16 | last);
	write64(ASQ, number(adminQueue_->submissionIova()));
	write64(ACQ, number(adminQueue_->completionIova()));
	write32(CC, CC_EN | CC_IOSQES | CC_IOCQES);
	waitStatus(CSTS_RDY | CSTS_CFS, CSTS_RDY, readyTimeout(cap_));
	isUp_ = true;
}

const std::byte *Controller::identify(uint32_t cns, uint32_t nsid)
{
	std::memset(scratch_.data(), 0, PrpLayout::page);
	admin({.opcode = IDENTIFY, .nsid = nsid, .prp1 = number(scratch_.iova()), .dwords = {cns}});
	return scratch_.data();
}

void Controller::identifyController()
{
	const auto *data = identify(CNS_CONTROLLER, 0);
	const auto mdts = field<uint8_t>(data, ID_CTRL_MDTS);

	maxTransfer_ = mdts == 0 || mdts > 10 ? largestTransfer : PrpLayout::page << mdts;
	hasVolatileCache_ = field<uint8_t>(data, ID_CTRL_VWC) & 1;
	errorEntries_ = std::min(PrpLayout::page / errorEntrySize,
				 field<uint8_t>(data, ID_CTRL_ELPE) + size_t{1});
}

std::vector<LoggedError> Controller::errors(uint64_t after)
{
	const size_t size = errorEntries_ * errorEntrySize;
	std::memset(scratch_.data(), 0, PrpLayout::page);
	admin({.opcode = GET_LOG_PAGE,
	       .nsid = ALL_NAMESPACES,
	       .prp1 = number(scratch_.iova()),
	       .dwords = {static_cast<uint32_t>(size / 4 - 1) << 16 | LOG_ERRORS}});
	return errorsIn({scratch_.data(), size}, after);
}

std::unique_ptr<QueuePair> Controller::makeQueues(unsigned depth)
{
	if (madeQueues_ >= grantedQueues_)
		return nullptr;
	const unsigned id = ++madeQueues_;
	const auto entries = std::min<unsigned>(depth, static_cast<unsigned>(capMqes(cap_)));
	auto queue = std::make_unique<QueuePair>(space_, plan_, static_cast<uint16_t>(id),
						 static_cast<uint16_t>(entries), doorbell(2 * id),
						 doorbell(2 * id + 1));
	const uint32_t size = (queue->entries() - 1u) << 16 | id;

	admin({.opcode = CREATE_IO_CQ,
	       .prp1 = number(queue->completionIova()),
	       .dwords = {size, QUEUE_PHYSICALLY_CONTIGUOUS}});
	admin({.opcode = CREATE_IO_SQ,
	       .prp1 = number(queue->submissionIova()),
	       .dwords = {size, id << 16 | QUEUE_PHYSICALLY_CONTIGUOUS}});
	return queue;
}

void Controller::deleteQueues(const QueuePair &queues)
{
	admin({.opcode = DELETE_IO_SQ, .dwords = {queues.id()}});
	admin({.opcode = DELETE_IO_CQ, .dwords = {queues.id()}});
}

Completion Controller::admin(Command command)
{
	adminQueue_->push(command);
	return finish(*adminQueue_, adminTimeout);
}

// Rings and waits for the one command under way in that queue.
Completion Controller::finish(QueuePair &queue, uint64_t timeoutNs)
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

void Controller::checkStatus(const QueuePair &queue, const Completion &completion) const
{
	const auto code = static_cast<uint8_t>(completion.status >> 1);
	const auto type = static_cast<uint8_t>(completion.status >> 9 & 7);
	if (code == 0 && type == 0)
		return;

	const auto &command = queue.command(completion.id);
	const uint64_t lba = command.dwords[0] | static_cast<uint64_t>(command.dwords[1]) << 32;
	throw Error("NVME_STATUS", statusName(type, code),
		    {{"bdf", name()},
		     {"status", statusName(type, code)},
		     {"type", std::to_string(type)},
		     {"statusCode", std::to_string(code)},
		     {"operation", operation(queue.id(), command.opcode)},
		     {"lba", std::to_string(lba)},
		     {"nsid", std::to_string(command.nsid)}});
}

Error Controller::timedOut(const std::string &what) const
{
	return Error("P2P_TIMEOUT", name() + ": timed out waiting for " + what,
		     {{"bdf", name()}, {"what", what}});
}

void Controller::shutDown()
{
	if (!isUp_)
		return;
	write32(CC, (read32(CC) & ~CC_SHN_MASK) | CC_SHN_NORMAL);
	waitStatus(CSTS_SHST_MASK, CSTS_SHST_COMPLETE, 20 * second);
	disable();
	isUp_ = false;
}

}
