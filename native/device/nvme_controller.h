// SPDX-License-Identifier: MIT
// An NVMe controller, brought up and ended from here: administrative commands, I/O queues. Its
// namespaces are clients of their own (nvme.h).
#pragma once

#include "device/nvme_errors.h"
#include "device/nvme_identify.h"
#include "device/nvme_queue.h"
#include "sys/error.h"
#include "vfio/function.h"
#include "vfio/host.h"
#include "vfio/interrupt.h"

#include <deque>
#include <memory>

namespace device::nvme
{

class Controller
{
public:
	// Brings the controller up. Errors: as vfio::Function; NVME_STATUS, NVME_FORMAT (pages
	// above 4 KiB), NVME_DEAD, P2P_TIMEOUT.
	Controller(vfio::AddressSpace &space, vfio::IovaPlan &plan, const pci::Function &function);
	~Controller();

	const std::string &name() const { return function_->name(); }
	size_t maxTransfer() const { return data_.maxTransfer; } // bytes
	bool hasVolatileCache() const { return data_.hasVolatileCache; }
	bool isUp() const { return isUp_; }
	// Of completions in I/O queues; silent unless somebody waits.
	vfio::Interrupt &interrupt() { return interrupt_; }

	// A page of Identify data, until the next command.
	IdentifyPage identify(uint32_t cns, uint32_t nsid);
	// What its log of errors holds above that count; at most a page. Error NVME_STATUS where it
	// keeps none.
	std::vector<LoggedError> errors(uint64_t after);
	// One more pair of I/O queues; nullptr where the controller grants no more.
	std::unique_ptr<QueuePair> makeQueues(unsigned depth);
	void deleteQueues(const QueuePair &queues);
	// One command, from the doorbell to its end. What ends of others meanwhile is dropped.
	Completion run(QueuePair &queue, const Command &command, uint64_t timeoutNs);
	// Error NVME_STATUS for anything but success. Its facts say which command it was; tag is
	// that of whoever pushed it.
	void checkStatus(const QueuePair &queue, const Completion &completion) const;
	// Error P2P_GONE where no register answers, NVME_FATAL where the controller has given up.
	void checkHealth() const;
	// Asks it to abort a command, and takes it down where it does not answer to that. True
	// where it may go on: whether the command has ended shows in its queue.
	bool askToAbort(const QueuePair &queue, uint16_t id);
	// Off, by a reset of the function if need be; how: 'reset', 'function-reset' or 'nothing'.
	std::string reset() noexcept;
	// A command that did not complete: Error P2P_TIMEOUT with the facts of checkStatus().
	sys::Error overdue(const QueuePair &queue, uint16_t id) const;

	// CC.SHN, then off; with errors.
	void shutDown();
	// Off in any case, by a reset if need be, and Bus Master cleared.
	void silence() noexcept;

private:
	uint32_t read32(size_t reg) const;
	uint64_t read64(size_t reg) const;
	void write32(size_t reg, uint32_t value) const;
	void write64(size_t reg, uint64_t value) const;
	volatile uint32_t *doorbell(unsigned index) const;

	void waitStatus(uint32_t mask, uint32_t value, uint64_t timeoutNs,
			const std::stop_token &stop) const;
	void bringUp();
	void disable(uint64_t timeoutNs, const std::stop_token &stop) const;
	void enable();
	Completion admin(const Command &command);
	std::unique_ptr<QueuePair> makePair(unsigned id, unsigned depth);
	sys::Error timedOut(const std::string &what) const;

	vfio::AddressSpace &space_;
	vfio::IovaPlan &plan_;
	std::shared_ptr<vfio::Function> function_;
	vfio::Interrupt interrupt_;
	sys::View registers_;

	uint64_t cap_ = 0;
	ControllerData data_;
	bool isUp_ = false;
	unsigned grantedQueues_ = 0;
	unsigned madeQueues_ = 0;

	vfio::HostWindow scratch_;
	std::deque<vfio::HostWindow> queueMemory_;
	std::unique_ptr<QueuePair> adminQueue_;

	// The last member, so that it ends first, also when bringing up fails half-way: the
	// controller holds nothing of ours any more when the windows above are unmapped.
	struct Silencer {
		Controller &controller;
		~Silencer() { controller.silence(); }
	} silencer_{*this};
};

}
