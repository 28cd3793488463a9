// SPDX-License-Identifier: MIT
// What a controller may write that is not so: completions of commands that nobody gave, of other
// queues, twice; Identify data with block sizes that nothing fits. Prints how many were looked at;
// ends with 1 at the first that was believed.

#include "device/nvme_identify.h"
#include "device/nvme_lanes.h"
#include "device/nvme_memory.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>

using namespace device::nvme;

static constexpr uint16_t depth = 4, queueId = 3;

namespace
{

// Two commands are under way, with the ids 0 and 1.
class Scene
{
public:
	Scene() : memory_(QueuePair::memorySize(depth) / 8), lanes_("model", 1, 512)
	{
		auto pair = std::make_unique<QueuePair>(
			queueId, depth, reinterpret_cast<std::byte *>(memory_.data()), pci::Iova{0},
			&submitted_, &completed_);
		completions_ = reinterpret_cast<Completion *>(
			reinterpret_cast<std::byte *>(memory_.data()) +
			number(pair->completionIova()));
		lanes_.add(std::move(pair));
		const auto target =
			lanes_.add(PrpLayout(0x80000000, 1 << 20), pci::Iova{0x40000000});
		for (uint32_t tag : {70u, 71u})
			lanes_.start({.target = target, .length = 4096, .tag = tag});
	}

	void complete(Completion completion)
	{
		completion.status |= 1;
		completions_[at_++] = completion;
	}

	// Tags that finished, or the code of the error, and what is under way after it.
	std::string poll()
	{
		std::array<uint32_t, 8> tags{};
		std::string told;
		try {
			const size_t count = lanes_.poll(tags);
			for (size_t i = 0; i < count; i++)
				told += std::to_string(tags[i]) + " ";
		} catch (const sys::Error &error) {
			told = error.code + " ";
		}
		return told + "of " + std::to_string(lanes_.unfinished().size());
	}

private:
	std::vector<uint64_t> memory_;
	volatile uint32_t submitted_ = 0, completed_ = 0;
	Completion *completions_ = nullptr;
	size_t at_ = 0;
	Lanes lanes_;
};

}

static unsigned right = 0;

static bool is(const char *what, const std::string &got, const std::string &expected)
{
	if (got != expected) {
		printf("%s: '%s', expected '%s'\n", what, got.c_str(), expected.c_str());
		return false;
	}
	right++;
	return true;
}

static bool completes()
{
	const Completion sound{.sqHead = 1, .sqId = queueId, .id = 0};
	const auto with = [&](const std::function<void(Completion &)> &change) {
		auto completion = sound;
		change(completion);
		return completion;
	};
	const struct {
		const char *what;
		std::vector<Completion> completions;
		const char *told;
	} cases[] = {
		{"nothing", {}, "of 2"},
		{"a sound one", {sound}, "70 of 1"},
		{"the second first", {with([](auto &it) { it.id = 1; }), sound}, "71 70 of 0"},
		{"an id never given", {with([](auto &it) { it.id = 2; })}, "NVME_WILD of 2"},
		{"an id beyond the slots",
		 {with([](auto &it) { it.id = depth; })},
		 "NVME_WILD of 2"},
		{"the largest id", {with([](auto &it) { it.id = 0xffff; })}, "NVME_WILD of 2"},
		{"the same twice", {sound, sound}, "NVME_WILD of 1"},
		{"another queue", {with([](auto &it) { it.sqId = 4; })}, "NVME_WILD of 2"},
		{"a head beyond the ring",
		 {with([](auto &it) { it.sqHead = depth + 1; })},
		 "NVME_WILD of 2"},
		{"a status without a name",
		 {with([](auto &it) { it.status = 0xfffe; })},
		 "NVME_STATUS of 2"},
		{"all ones", {{~0u, ~0u, 0xffff, 0xffff, 0xffff, 0xffff}}, "NVME_WILD of 2"},
	};
	for (const auto &[what, completions, told] : cases) {
		Scene scene;
		for (const auto &completion : completions)
			scene.complete(completion);
		if (!is(what, scene.poll(), told))
			return false;
	}
	return true;
}

static std::string format(uint64_t blocks, uint32_t lbaFormat, size_t maxTransfer)
{
	std::array<std::byte, identifySize> page{};
	std::memcpy(page.data() + ID_NS_NSZE, &blocks, sizeof blocks);
	std::memcpy(page.data() + ID_NS_LBAF, &lbaFormat, sizeof lbaFormat);
	const auto data = namespaceIn(page, maxTransfer);
	return std::to_string(data.blocks) + " of " + std::to_string(data.blockSize);
}

static std::string transfers(uint8_t mdts)
{
	std::array<std::byte, identifySize> page{};
	page[ID_CTRL_MDTS] = std::byte{mdts};
	return std::to_string(controllerIn(page).maxTransfer);
}

static bool identifies()
{
	std::array<std::byte, identifySize> ones{};
	ones.fill(std::byte{0xff});
	return is("512 bytes", format(8, 9 << 16, 4096), "8 of 512") &&
	       is("64 KiB", format(8, 16 << 16, 65536), "8 of 65536") &&
	       is("blocks above a transfer", format(8, 16 << 16, 32768), "8 of 0") &&
	       is("blocks of 2^255", format(8, 0xff << 16, 2 << 20), "8 of 0") &&
	       is("blocks of 256 bytes", format(8, 8 << 16, 4096), "8 of 0") &&
	       is("metadata", format(8, 9 << 16 | 8, 4096), "8 of 0") &&
	       is("no namespace", format(0, 9 << 16, 4096), "0 of 512") &&
	       is("more bytes than numbers", format(uint64_t{1} << 60, 9 << 16, 4096),
		  std::to_string(uint64_t{1} << 60) + " of 0") &&
	       is("a page at a time", transfers(0), "2097152") &&
	       is("two pages", transfers(1), "8192") && is("2^255", transfers(255), "2097152") &&
	       is("all ones", std::to_string(namespacesIn(ones).size()), "1024") &&
	       is("a log of all ones", std::to_string(controllerIn(ones).errorEntries), "64");
}

static bool placesPmr()
{
	const auto bar = [](uint32_t capabilities) {
		const auto part = pmrIn(capabilities);
		return part ? std::to_string(part->bar) : "none";
	};
	return is("BAR 4", bar(4 << 5), "4") && is("configuration space", bar(7 << 5), "none") &&
	       is("the ROM", bar(6 << 5), "none");
}

int main()
{
	if (!completes() || !identifies() || !placesPmr())
		return 1;
	printf("%u lies\n", right);
	return 0;
}
