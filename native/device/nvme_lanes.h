// SPDX-License-Identifier: MIT
// The fast path of a namespace: its queue pairs, and how requests point at memory. Nothing here
// knows where that memory comes from, so that it runs against a model as well.
#pragma once

#include "device/client.h"
#include "device/nvme_queue.h"
#include "device/prp.h"
#include "sys/error.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace device::nvme
{

class Lanes
{
public:
	// name: the controller's, for messages. blockSize: bytes, a power of two.
	Lanes(std::string name, uint32_t nsid, size_t blockSize);

	void add(std::unique_ptr<QueuePair> queue) { queues_.push_back(std::move(queue)); }
	// Memory whose page list lies, filled, at listIova.
	Target add(const PrpLayout &layout, pci::Iova listIova);

	std::vector<std::unique_ptr<QueuePair>> &queues() { return queues_; }
	const std::vector<std::unique_ptr<QueuePair>> &queues() const { return queues_; }

	// As of device::Client.
	bool start(const Request &request);
	size_t poll(std::span<uint32_t> finished);
	std::vector<uint32_t> unfinished() const;

	// A command that did not end well: it never finishes.
	void giveUp(uint32_t tag) { failed_.push_back(tag); }
	// The same with an Error of its status, which poll() tells.
	void noteFailure(const QueuePair &queue, const Completion &completion);

private:
	struct Place {
		PrpLayout layout;
		uint64_t listIova;
	};

	std::string name_;
	uint32_t nsid_;
	unsigned blockShift_;
	std::vector<std::unique_ptr<QueuePair>> queues_;
	std::vector<Place> places_;
	size_t next_ = 0;                   // the queue that takes the next request
	std::vector<uint32_t> failed_;      // tags
	std::optional<sys::Error> failure_; // not told yet
};

}
