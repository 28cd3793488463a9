// SPDX-License-Identifier: MIT
// An NVMe namespace as a client: its blocks are the medium, its requests go through I/O queues of
// its own.
#pragma once

#include "device/client.h"
#include "device/nvme_controller.h"
#include "device/nvme_lanes.h"
#include "vfio/host.h"

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
	// Errors: P2P_NO_NAMESPACE, NVME_STATUS, NVME_FORMAT (metadata or an odd block),
	// P2P_TIMEOUT.
	Nvme(vfio::AddressSpace &space, vfio::IovaPlan &plan,
	     std::shared_ptr<nvme::Controller> controller, const NvmeOptions &options);

	std::string engine() const override { return "nvme"; }
	size_t blockSize() const override { return blockSize_; }
	uint64_t mediumSize() const override { return blocks_ * blockSize_; }
	size_t maxTransfer() const override { return controller_->maxTransfer(); }
	unsigned queues() const override { return static_cast<unsigned>(lanes_->queues().size()); }
	unsigned depth() const override;

	Target prepare(const Memory &memory) override;
	bool start(const Request &request) override { return lanes_->start(request); }
	size_t poll(std::span<uint32_t> finished) override { return lanes_->poll(finished); }
	std::optional<sys::Signal> signal() override;
	void check() override;
	unsigned underWay() const override;
	std::vector<uint32_t> unfinished() const override { return lanes_->unfinished(); }
	std::vector<nvme::LoggedError> errors(uint64_t after) override;
	void flush() override;
	void shutDown() override;

private:
	void identifyNamespace();
	[[noreturn]] void giveUp(nvme::QueuePair &queue, uint16_t id);

	vfio::AddressSpace &space_;
	vfio::IovaPlan &plan_;
	std::shared_ptr<nvme::Controller> controller_;
	uint32_t nsid_;
	size_t blockSize_ = 0;
	uint64_t blocks_ = 0;
	std::deque<vfio::HostWindow> lists_; // where requests point, page by page
	std::optional<nvme::Lanes> lanes_;

	// The last member, so that it ends first: the controller holds nothing of ours any more
	// when queues and lists are unmapped.
	struct Silencer {
		Nvme &nvme;
		~Silencer();
	} silencer_{*this};
};

}
