// SPDX-License-Identifier: MIT
// The loop that moves bytes, against a model of two NVMe queue pairs in memory: no device, no
// system. For counting instructions (bench/loop.ts): run it for two numbers of requests and take
// the difference. The model's own few instructions, about twenty a request, are counted along.
//
// usage: loop REQUESTS BYTES-PER-REQUEST

#include "device/nvme_lanes.h"
#include "transfer/move.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

using namespace device;

static constexpr uint16_t depth = 64;
static constexpr uint64_t memorySize = 64 << 20;

namespace
{

// A controller's side of a queue pair: whatever the doorbell offers is done at once.
class Model
{
public:
	explicit Model(uint16_t id) : id_(id), memory_(nvme::QueuePair::memorySize(depth) / 8)
	{
		auto pair = std::make_unique<nvme::QueuePair>(
			id, depth, reinterpret_cast<std::byte *>(memory_.data()), pci::Iova{0},
			&submitted_, &completed_);
		commands_ = reinterpret_cast<const nvme::Command *>(memory_.data());
		completions_ = reinterpret_cast<nvme::Completion *>(
			reinterpret_cast<std::byte *>(memory_.data()) +
			number(pair->completionIova()));
		pair_ = std::move(pair);
	}

	std::unique_ptr<nvme::QueuePair> takePair() { return std::move(pair_); }

	void work()
	{
		for (const uint32_t tail = submitted_; head_ != tail;) {
			completions_[at_] = {.sqHead = head_,
					     .sqId = id_,
					     .id = commands_[head_].id,
					     .status = phase_};
			head_ = head_ == depth ? 0 : static_cast<uint16_t>(head_ + 1);
			at_ = at_ == depth ? 0 : static_cast<uint16_t>(at_ + 1);
			if (at_ == 0)
				phase_ ^= 1;
		}
	}

private:
	uint16_t id_;
	std::vector<uint64_t> memory_;
	std::unique_ptr<nvme::QueuePair> pair_;
	const nvme::Command *commands_ = nullptr;
	nvme::Completion *completions_ = nullptr;
	volatile uint32_t submitted_ = 0, completed_ = 0;
	uint16_t head_ = 0, at_ = 0, phase_ = 1;
};

class Disk : public Client
{
public:
	Disk() : lanes_("model", 1, 512)
	{
		for (auto *model : {&first_, &second_})
			lanes_.add(model->takePair());
		const nvme::PrpLayout layout(0x80000000, memorySize);
		lanes_.add(layout, pci::Iova{0x40000000});
	}

	std::string engine() const override { return "model"; }
	size_t blockSize() const override { return 512; }
	uint64_t mediumSize() const override { return streamSize - 1; }
	size_t maxTransfer() const override { return 1 << 20; }
	bool start(const Request &request) override { return lanes_.start(request); }
	size_t poll(std::span<uint32_t> finished) override
	{
		const size_t count = lanes_.poll(finished);
		first_.work();
		second_.work();
		return count;
	}

private:
	Model first_{1}, second_{2};
	nvme::Lanes lanes_;
};

}

int main(int count, char **words)
{
	if (count != 3)
		return 2;
	const uint64_t requests = strtoull(words[1], nullptr, 10);
	const size_t size = strtoull(words[2], nullptr, 10);
	const uint64_t perSpan = memorySize / size;
	Disk disk;

	for (uint64_t done = 0; done < requests; done += perSpan)
		transfer::move(transfer::Leave(transfer::OwnMemory{}), disk,
			       {.target = Target{0}, .length = memorySize}, {.requestSize = size});
	return 0;
}
