// SPDX-License-Identifier: MIT
// An NVMe controller driven from here: its medium is one namespace.
#pragma once

#include "device/client.h"
#include "device/nvme_queue.h"
#include "device/prp.h"
#include "sys/error.h"
#include "vfio/function.h"

#include <deque>
#include <memory>
#include <vector>

namespace device
{

struct NvmeOptions {
	uint32_t nsid = 1;
	unsigned queues = 2; // as many as the controller grants
	unsigned depth = 64; // commands under way per queue
};

class Nvme : public Client
{
public:
	// Brings the controller up. Errors: as vfio::Function; P2P_NO_NAMESPACE, NVME_STATUS,
	// NVME_FORMAT (metadata or an odd block), NVME_DEAD, P2P_TIMEOUT.
	Nvme(vfio::Container &container, vfio::IovaPlan &plan, const pci::Function &function,
	     const NvmeOptions &options);

	std::string engine() const override { return "nvme"; }
	size_t blockSize() const override { return blockSize_; }
	uint64_t mediumSize() const override { return blocks_ * blockSize_; }
	size_t maxTransfer() const override { return maxTransfer_; }
	unsigned queues() const override { return static_cast<unsigned>(queues_.size()); }
	unsigned depth() const override { return depth_; }

	Target prepare(pci::Iova start, uint64_t length) override;
	bool start(const Request &request) override;
	unsigned poll() override;
	void flush() override;
	void shutDown() override;

private:
	uint32_t read32(size_t reg) const;
	uint64_t read64(size_t reg) const;
	void write32(size_t reg, uint32_t value) const;
	void write64(size_t reg, uint64_t value) const;
	volatile uint32_t *doorbell(unsigned index) const;

	void waitStatus(uint32_t mask, uint32_t value, uint64_t timeoutNs) const;
	void bringUp(const NvmeOptions &options);
	void silence() noexcept;
	void drain();
	void disable() const;
	void enable();
	void identifyController();
	void identifyNamespace();
	void makeQueues(unsigned wanted);
	nvme::Completion admin(nvme::Command command);
	nvme::Completion finish(nvme::QueuePair &queue, uint64_t timeoutNs);
	const std::byte *identify(uint32_t cns, uint32_t nsid);
	void checkStatus(const nvme::QueuePair &queue, const nvme::Completion &completion) const;
	sys::Error timedOut(const std::string &what) const;

	vfio::Container &container_;
	vfio::IovaPlan &plan_;
	vfio::Function function_;
	sys::View registers_;
	uint32_t nsid_;
	unsigned depth_;

	uint64_t cap_ = 0;
	size_t blockSize_ = 0;
	uint64_t blocks_ = 0;
	size_t maxTransfer_ = 0;
	bool hasVolatileCache_ = true;
	bool isUp_ = false;

	vfio::HostWindow scratch_;
	std::deque<nvme::QueuePair> queues_;
	std::unique_ptr<nvme::QueuePair> adminQueue_;
	std::deque<nvme::PrpTable> targets_;
	unsigned next_ = 0; // the queue that takes the next request

	// The last member, so that it ends first, also when bringing up fails half-way: the
	// controller holds nothing of ours any more when the windows above are unmapped.
	struct Silencer {
		Nvme &nvme;
		~Silencer() { nvme.silence(); }
	} silencer_{*this};
};

}
