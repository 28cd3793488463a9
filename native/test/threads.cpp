// SPDX-License-Identifier: MIT
// The loop that moves bytes beside everything that runs at the same time: two copies, each with two
// queues, whose controllers are threads of their own and write data as well as completions; a
// thread that reads progress; and one that stops a copy in its midst. For ThreadSanitizer
// (npm run sanitize); right without it too. Ends with 1 where data is wrong.

#include "device/nvme_lanes.h"
#include "device/shared_word.h"
#include "sys/words.h"
#include "transfer/move.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

using namespace device;

static constexpr uint16_t depth = 16;
static constexpr size_t requestSize = 4096, memorySize = 1 << 20;
static constexpr uint64_t base = 0x80000000;

namespace
{

using Words = std::vector<uint64_t>;

// A controller, in a thread of its own, that reads blocks: each eight bytes of the medium are their
// own offset. It does every third command late.
class Controller
{
public:
	Controller(uint16_t id, Words &memory)
	    : id_(id), memory_(memory), rings_(nvme::QueuePair::memorySize(depth) / 8)
	{
		auto *bytes = reinterpret_cast<std::byte *>(rings_.data());
		pair_ = std::make_unique<nvme::QueuePair>(id, depth, bytes, pci::Iova{0},
							  &submitted_, &completed_);
		commands_ = reinterpret_cast<const nvme::Command *>(bytes);
		completions_ = reinterpret_cast<volatile nvme::Completion *>(
			bytes + number(pair_->completionIova()));
		thread_ = std::jthread([this](const std::stop_token &stop) { work(stop); });
	}

	std::unique_ptr<nvme::QueuePair> takePair() { return std::move(pair_); }

private:
	void work(const std::stop_token &stop)
	{
		std::vector<nvme::Command> late;
		while (!stop.stop_requested()) {
			const uint32_t tail = loadAcquire(submitted_);
			for (; head_ != tail; head_ = following(head_))
				if (commands_[head_].id % 3 == 0)
					late.push_back(commands_[head_]);
				else
					finish(commands_[head_]);
			for (const auto &command : late)
				finish(command);
			late.clear();
			std::this_thread::yield();
		}
	}

	void finish(const nvme::Command &command)
	{
		const uint64_t lba = command.dwords[0];
		const size_t at = (command.prp1 - base) / 8;
		for (size_t i = 0; i < requestSize / 8; i++)
			memory_[at + i] = lba * 512 + i * 8;

		auto &entry = completions_[at_];
		entry.sqHead = head_;
		entry.sqId = id_;
		entry.id = command.id;
		storeRelease(entry.status, phase_);
		at_ = following(at_);
		if (at_ == 0)
			phase_ ^= 1;
	}

	static uint16_t following(uint16_t index)
	{
		return index == depth ? uint16_t{0} : static_cast<uint16_t>(index + 1);
	}

	uint16_t id_;
	Words &memory_;
	Words rings_;
	std::unique_ptr<nvme::QueuePair> pair_;
	const nvme::Command *commands_ = nullptr;
	volatile nvme::Completion *completions_ = nullptr;
	volatile uint32_t submitted_ = 0, completed_ = 0;
	uint16_t head_ = 0, at_ = 0, phase_ = 1;
	std::jthread thread_; // the last: it uses all of the above
};

class Disk : public Client
{
public:
	explicit Disk(Words &memory)
	    : first_(1, memory), second_(2, memory), lanes_("model", 1, 512)
	{
		lanes_.add(first_.takePair());
		lanes_.add(second_.takePair());
		lanes_.add(nvme::PrpLayout(base, memorySize), pci::Iova{0x40000000});
	}

	std::string engine() const override { return "model"; }
	size_t blockSize() const override { return 512; }
	uint64_t mediumSize() const override { return uint64_t{1} << 40; }
	size_t maxTransfer() const override { return requestSize; }
	bool start(const Request &request) override { return lanes_.start(request); }
	size_t poll(std::span<uint32_t> finished) override { return lanes_.poll(finished); }
	unsigned underWay() const override
	{
		unsigned count = 0;
		for (const auto &queue : lanes_.queues())
			count += queue->underWay();
		return count;
	}

private:
	Controller first_, second_;
	nvme::Lanes lanes_;
};

}

static transfer::Span spanAt(uint64_t medium)
{
	return {.medium = medium, .target = Target{0}, .length = memorySize};
}

// As a worker of the addon copies: span after span, each looked at through a copy by words.
static bool copies(unsigned spans, std::atomic<uint64_t> &done, const std::stop_token &stop)
{
	Words memory(memorySize / 8), seen(memorySize / 8);
	Disk disk(memory);
	for (unsigned i = 0; i < spans; i++) {
		const uint64_t from = i * uint64_t{memorySize};
		transfer::move(transfer::Leave(transfer::OwnMemory{}), disk, spanAt(from),
			       {.requestSize = requestSize,
				.stop = stop,
				.tell = [&](uint64_t now) { done = from + now; }});
		sys::copyWords(reinterpret_cast<std::byte *>(seen.data()),
			       reinterpret_cast<const std::byte *>(memory.data()), memorySize, 8);
		for (size_t at = 0; at < seen.size(); at++)
			if (seen[at] != from + at * 8)
				return false;
		done = from + memorySize;
	}
	return true;
}

static bool isStopped(std::atomic<uint64_t> &done, const std::stop_token &stop)
{
	try {
		copies(100'000, done, stop);
		return false;
	} catch (const sys::Error &error) {
		return error.code == "P2P_STOPPED";
	}
}

int main()
{
	constexpr unsigned spans = 8;
	std::atomic<uint64_t> first = 0, second = 0, third = 0;
	bool areRight[3] = {};
	std::stop_source stop;
	std::thread one([&] { areRight[0] = copies(spans, first, {}); });
	std::thread other([&] { areRight[1] = copies(spans, second, {}); });
	std::thread stopped([&] { areRight[2] = isStopped(third, stop.get_token()); });

	while (third < memorySize)
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	stop.request_stop();
	for (auto *thread : {&one, &other, &stopped})
		thread->join();
	printf("%llu bytes\n", static_cast<unsigned long long>(first + second));
	return areRight[0] && areRight[1] && areRight[2] ? 0 : 1;
}
