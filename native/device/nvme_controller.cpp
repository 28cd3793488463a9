// SPDX-License-Identifier: MIT
#include "device/nvme_controller.h"

#include "device/nvme_memory.h"

#include "device/nvme_status.h"
#include "device/prp.h"
#include "device/shared_word.h"
#include "sys/clock.h"

#include <algorithm>
#include <cstring>

namespace device::nvme
{

using sys::Error;

static constexpr uint64_t second = 1'000'000'000;
static constexpr uint64_t adminTimeout = 60 * second; // as the kernel's driver
static constexpr uint16_t adminDepth = 15;
static constexpr unsigned mostQueues = 64;
static constexpr uint64_t abortTimeout = second / 2;
// Of the way down where somebody waits for the end of the program.
static constexpr uint64_t hastyTimeout = second / 2;

static uint64_t readyTimeout(uint64_t cap)
{
	return std::max<uint64_t>(capTimeout(cap) * (second / 2), second);
}

Controller::Controller(vfio::AddressSpace &space, vfio::IovaPlan &plan,
		       const pci::Function &function)
    : space_(space), plan_(plan), function_(space.take(function)), interrupt_(*function_),
      registers_(function_->view(0)), scratch_(space, plan, PrpLayout::page)
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
	if (capMqes(cap_) == 0)
		throw Error("NVME_FORMAT", "the controller's queues hold no command",
			    {{"bdf", name()}});

	disable(readyTimeout(cap_), function_->stop().asked);
	enable();
	data_ = controllerIn(identify(CNS_CONTROLLER, 0));
	const uint32_t ask = mostQueues - 1;
	const uint32_t granted = admin({.opcode = SET_FEATURES,
					.dwords = {FEATURE_NUMBER_OF_QUEUES, ask << 16 | ask}})
					 .result;
	grantedQueues_ = std::min({mostQueues, (granted & 0xffff) + 1, (granted >> 16) + 1});
}

void Controller::silence() noexcept
{
	if (isUp_)
		reset();
	try {
		function_->silence();
	} catch (const Error &) {
		// Gone from the bus: there is nobody left to silence.
	}
}

std::string Controller::reset() noexcept
{
	const auto &stop = function_->stop();
	const bool isHasty = stop.asked.stop_requested();

	isUp_ = false;
	try {
		disable(isHasty ? hastyTimeout : readyTimeout(cap_), stop.hurried);
		return "reset";
	} catch (const Error &) {
		// In a hurry the reset is the kernel's, when the function is closed.
		const bool isReset = !stop.hurried.stop_requested() && !function_->isGone() &&
				     function_->reset();
		return isReset ? "function-reset" : "nothing";
	}
}

uint32_t Controller::read32(size_t reg) const
{
	return loadAcquire(*reinterpret_cast<volatile uint32_t *>(registers_.data() + reg));
}

uint64_t Controller::read64(size_t reg) const
{
	const uint64_t low = read32(reg);
	return low | static_cast<uint64_t>(read32(reg + 4)) << 32;
}

void Controller::write32(size_t reg, uint32_t value) const
{
	storeRelease(*reinterpret_cast<volatile uint32_t *>(registers_.data() + reg), value);
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

void Controller::waitStatus(uint32_t mask, uint32_t value, uint64_t timeoutNs,
			    const std::stop_token &stop) const
{
	sys::Patience patience(timeoutNs, stop);

	for (uint32_t status = read32(CSTS); (status & mask) != value; status = read32(CSTS)) {
		if (~status == 0)
			throw Error("P2P_GONE", "the controller is gone", {{"bdf", name()}});
		if (!patience.turn())
			throw timedOut("the controller's status");
	}
}

void Controller::disable(uint64_t timeoutNs, const std::stop_token &stop) const
{
	write32(CC, read32(CC) & ~CC_EN);
	waitStatus(CSTS_RDY, 0, timeoutNs, stop);
	forgetOwnCmb(*function_);
}

void Controller::checkHealth() const
{
	const uint32_t status = read32(CSTS);
	// Registers that nobody answers for read as ones on hardware, as anything in emulation:
	// configuration space is the witness.
	if (~status == 0 || function_->isGone())
		throw Error("P2P_GONE", "the controller is gone", {{"bdf", name()}});
	if (status & CSTS_CFS)
		throw Error("NVME_FATAL", "the controller has given up (CSTS.CFS)",
			    {{"bdf", name()}});
}

void Controller::enable()
{
	adminQueue_ = makePair(0, adminDepth);
	const uint32_t last = adminQueue_->entries() - 1u;

	write32(AQA, last << 16 | last);
	write64(ASQ, number(adminQueue_->submissionIova()));
	write64(ACQ, number(adminQueue_->completionIova()));
	isUp_ = true;
	write32(CC, CC_EN | CC_IOSQES | CC_IOCQES);
	waitStatus(CSTS_RDY | CSTS_CFS, CSTS_RDY, readyTimeout(cap_), function_->stop().asked);
}

std::unique_ptr<QueuePair> Controller::makePair(unsigned id, unsigned depth)
{
	const auto &memory = queueMemory_.emplace_back(space_, plan_, QueuePair::memorySize(depth));
	return std::make_unique<QueuePair>(static_cast<uint16_t>(id), static_cast<uint16_t>(depth),
					   memory.data(), memory.iova(), doorbell(2 * id),
					   doorbell(2 * id + 1));
}

IdentifyPage Controller::identify(uint32_t cns, uint32_t nsid)
{
	std::memset(scratch_.data(), 0, PrpLayout::page);
	admin({.opcode = IDENTIFY, .nsid = nsid, .prp1 = number(scratch_.iova()), .dwords = {cns}});
	return IdentifyPage(scratch_.data(), identifySize);
}

std::vector<LoggedError> Controller::errors(uint64_t after)
{
	const size_t size = data_.errorEntries * errorEntrySize;
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
	auto queue = makePair(id, std::min<unsigned>(depth, static_cast<unsigned>(capMqes(cap_))));
	const uint32_t size = (queue->entries() - 1u) << 16 | id;

	// With interrupt vector 0.
	admin({.opcode = CREATE_IO_CQ,
	       .prp1 = number(queue->completionIova()),
	       .dwords = {size, QUEUE_INTERRUPTS_ENABLED | QUEUE_PHYSICALLY_CONTIGUOUS}});
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

Completion Controller::admin(const Command &command)
{
	return run(*adminQueue_, command, adminTimeout);
}

Completion Controller::run(QueuePair &queue, const Command &command, uint64_t timeoutNs)
{
	sys::Patience patience(timeoutNs, function_->stop().asked);
	const auto id = queue.push(command);

	// Full of commands that were given up.
	if (!id)
		throw timedOut("a command");
	queue.ring();
	for (;;) {
		const auto completion = queue.pop();
		queue.ringCompletions();
		if (completion && completion->id == *id) {
			checkStatus(queue, *completion);
			return *completion;
		}
		if (!patience.turn()) {
			checkHealth();
			throw timedOut("a command");
		}
	}
}

bool Controller::askToAbort(const QueuePair &queue, uint16_t id)
{
	try {
		run(*adminQueue_, {.opcode = ABORT, .dwords = {uint32_t{id} << 16 | queue.id()}},
		    abortTimeout);
		return true;
	} catch (const Error &error) {
		return error.code == "NVME_STATUS";
	}
}

void Controller::checkStatus(const QueuePair &queue, const Completion &completion) const
{
	if (completion.status >> 1 != 0)
		throw statusError(name(), queue, completion);
}

Error Controller::overdue(const QueuePair &queue, uint16_t id) const
{
	return Error("P2P_TIMEOUT", name() + ": a command did not complete",
		     commandFacts(name(), queue, id));
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
	const auto &stop = function_->stop().asked;
	waitStatus(CSTS_SHST_MASK, CSTS_SHST_COMPLETE, 20 * second, stop);
	disable(readyTimeout(cap_), stop);
	isUp_ = false;
}

}
