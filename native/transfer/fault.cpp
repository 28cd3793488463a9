// SPDX-License-Identifier: MIT
#include "transfer/fault.h"

#include <charconv>
#include <string_view>

namespace transfer
{

using std::string_view;

// What follows a word, up to one of the letters that end it; '' where the word is missing.
static string_view after(string_view line, string_view word, string_view ends = " ]")
{
	const auto at = line.find(word);
	if (at == string_view::npos)
		return {};
	const auto rest = line.substr(at + word.size());
	return rest.substr(0, rest.find_first_of(ends));
}

static std::optional<uint64_t> numberIn(string_view text, int base)
{
	if (base == 16 && text.starts_with("0x"))
		text.remove_prefix(2);
	uint64_t value = 0;
	const auto [end, error] =
		std::from_chars(text.data(), text.data() + text.size(), value, base);
	if (text.empty() || error != std::errc() || end != text.data() + text.size())
		return std::nullopt;
	return value;
}

static std::optional<Fault> faultOf(string_view bdf, string_view iommu)
{
	const auto function = pci::Bdf::parse(bdf);
	if (!function)
		return std::nullopt;
	constexpr size_t withoutDomain = 7; // bb:dd.f
	return Fault{.function = *function,
		     .hasDomain = bdf.size() > withoutDomain,
		     .iommu = std::string(iommu)};
}

static Fault faultOf(uint64_t requester, string_view iommu)
{
	return {.function = {.domain = static_cast<uint32_t>(requester >> 16),
			     .bus = static_cast<uint8_t>(requester >> 8),
			     .device = static_cast<uint8_t>(requester >> 3 & 0x1f),
			     .function = static_cast<uint8_t>(requester & 7)},
		.iommu = std::string(iommu)};
}

// drivers/iommu/intel/dmar.c: DMAR: [DMA Write NO_PASID] Request device [0000:03:00.0] fault addr
// 0xfc020000 [fault reason 0x05] PTE Write access is not set
static std::optional<Fault> intel(string_view line)
{
	if (!line.starts_with("DMAR: [DMA "))
		return std::nullopt;
	auto fault = faultOf(after(line, "Request device ["), "DMAR");
	if (fault) {
		fault->isWrite = after(line, "[DMA ") == "Write";
		const auto address = after(line, "fault addr ");
		fault->address = numberIn(address, 16);
	}
	return fault;
}

// drivers/iommu/amd/iommu.c: AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:03:00.0 domain=0x0001
// address=0xfc020000 flags=0x0020], or with the function in front: nvme 0000:03:00.0: AMD-Vi: …
static std::optional<Fault> amd(string_view line)
{
	if (line.find("AMD-Vi: Event logged [IO_PAGE_FAULT") == string_view::npos)
		return std::nullopt;
	auto name = after(line, "device=");
	if (name.empty()) {
		const auto front = line.substr(0, line.find(": AMD-Vi:"));
		name = front.substr(front.rfind(' ') + 1);
	}
	auto fault = faultOf(name, "AMD-Vi");
	if (fault) {
		constexpr uint64_t isWrite = 0x20; // RW of the event's flags
		const auto flags = numberIn(after(line, "flags="), 16);
		fault->isWrite = flags ? std::optional((*flags & isWrite) != 0) : std::nullopt;
		fault->address = numberIn(after(line, "address="), 16);
	}
	return fault;
}

// drivers/iommu/virtio-iommu.c: page fault from EP 768 at 0xfc020000 [W]
static std::optional<Fault> virtio(string_view line)
{
	const auto endpoint = numberIn(after(line, " fault from EP "), 10);
	if (!endpoint)
		return std::nullopt;
	auto fault = faultOf(*endpoint, "virtio-iommu");
	fault.address = numberIn(after(line, " at "), 16);
	const auto how = after(line, "[");
	if (!how.empty())
		fault.isWrite = how.find('W') != string_view::npos;
	return fault;
}

// drivers/iommu/arm/arm-smmu-v3: event: F_TRANSLATION client: 0000:03:00.0 sid: 0x300 ssid: 0x0
// iova: 0xfc020000 ipa: 0x0
static std::optional<Fault> arm(string_view line)
{
	if (line.find("event: F_") == string_view::npos)
		return std::nullopt;
	auto fault = faultOf(after(line, "client: "), "arm-smmu-v3");
	if (fault)
		fault->address = numberIn(after(line, "iova: "), 16);
	return fault;
}

// One word of an event that older kernels print as numbers: \x090x0000030000000010
static std::optional<uint64_t> eventWord(string_view line)
{
	constexpr size_t length = 18; // 0x and 16 digits
	if (line.find("arm-smmu-v3") == string_view::npos || line.size() < length)
		return std::nullopt;
	const auto word = line.substr(line.size() - length);
	return word.starts_with("0x") ? numberIn(word, 16) : std::nullopt;
}

// … event 0x10 received: and four words, of which the first has the stream in its upper half,
// the third the address. A PCI function's stream is its requester number.
static std::optional<Fault> oldArm(const std::vector<std::string> &lines, size_t at)
{
	const auto event = numberIn(after(lines[at], ": event ", " "), 16);
	constexpr uint64_t lowest = 0x10, highest = 0x13; // F_TRANSLATION to F_PERMISSION
	if (!event || *event < lowest || *event > highest || at + 3 >= lines.size())
		return std::nullopt;
	const auto first = eventWord(lines[at + 1]), third = eventWord(lines[at + 3]);
	if (!first || !third)
		return std::nullopt;
	auto fault = faultOf(*first >> 32, "arm-smmu-v3");
	fault.hasDomain = false;
	fault.address = third;
	return fault;
}

std::vector<Fault> faultsIn(const std::vector<std::string> &lines)
{
	std::vector<Fault> faults;

	for (size_t i = 0; i < lines.size(); i++) {
		auto fault = oldArm(lines, i);
		for (auto *read : {intel, amd, virtio, arm})
			if (!fault)
				fault = read(lines[i]);
		if (fault)
			faults.push_back(*std::move(fault));
	}
	return faults;
}

}
