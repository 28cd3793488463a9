// SPDX-License-Identifier: MIT
// libFuzzer: a controller may write any completion at any time. Each request ends once, with its
// own tag, or in an Error. npm run fuzz builds and runs it.
#include "device/field.h"
#include "device/nvme_lanes.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

using namespace device;

static constexpr uint16_t depth = 5, entries = depth + 1;

namespace
{

class Scene
{
public:
	Scene() : lanes_("model", 1, 4096)
	{
		for (uint16_t id : {uint16_t{1}, uint16_t{2}})
			lanes_.add(makePair(id));
		target_ = lanes_.add(nvme::PrpLayout(0x80000000, 1 << 20), pci::Iova{0x40000000});
	}

	void start()
	{
		if (lanes_.start({.target = target_, .length = 4096, .tag = next_}))
			underWay_.insert(next_++);
		else if (underWay_.empty())
			abort();
	}

	// The sixteen bytes of a completion, at that place of a ring.
	void complete(size_t ring, size_t place, const std::byte *bytes)
	{
		auto *memory = reinterpret_cast<std::byte *>(memory_[ring].data());
		std::memcpy(memory + 4096 + place % entries * sizeof(nvme::Completion), bytes,
			    sizeof(nvme::Completion));
	}

	void poll()
	{
		std::array<uint32_t, 3> tags{};
		try {
			const size_t count = lanes_.poll(tags);
			for (size_t i = 0; i < count; i++)
				if (underWay_.erase(tags[i]) != 1)
					abort();
		} catch (const sys::Error &error) {
			if (error.code != "NVME_WILD" && error.code != "NVME_STATUS")
				abort();
		}
		for (const uint32_t tag : lanes_.unfinished())
			if (!underWay_.contains(tag))
				abort();
	}

private:
	std::unique_ptr<nvme::QueuePair> makePair(uint16_t id)
	{
		auto &memory = memory_[id - 1u];
		memory.resize(nvme::QueuePair::memorySize(depth) / 8);
		return std::make_unique<nvme::QueuePair>(
			id, depth, reinterpret_cast<std::byte *>(memory.data()), pci::Iova{0},
			&submitted_, &completed_);
	}

	std::array<std::vector<uint64_t>, 2> memory_;
	volatile uint32_t submitted_ = 0, completed_ = 0;
	nvme::Lanes lanes_;
	Target target_{};
	uint32_t next_ = 0;
	std::set<uint32_t> underWay_;
};

}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	constexpr size_t step = 1 + sizeof(nvme::Completion);
	const auto *bytes = reinterpret_cast<const std::byte *>(data); // NOLINT
	Scene scene;
	for (; size >= step; bytes += step, size -= step) {
		const auto what = static_cast<unsigned>(bytes[0]);
		if (what & 1)
			scene.start();
		if (what & 2)
			scene.complete(what >> 2 & 1, what >> 3, bytes + 1);
		scene.poll();
	}
	return 0;
}
