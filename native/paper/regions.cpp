// SPDX-License-Identifier: MIT
// What a function's BARs take up and what a bridge forwards, as registers again.
#include "paper/block.h"
#include "paper/words.h"

#include <linux/pci_regs.h>

namespace paper
{

constexpr int bars = 6;

// '64M' of '[size=64M]'
static uint64_t sizeOf(std::string_view item)
{
	const auto text = behind(item, "[size=");
	uint64_t size = numberAt(text, 10).value_or(0);
	const size_t unit = text.find_first_not_of("0123456789");
	constexpr std::string_view units = "KMGT";
	if (unit != std::string_view::npos)
		if (const size_t power = units.find(text[unit]); power != std::string_view::npos)
			size <<= 10 * (power + 1);
	return size;
}

static void setRegister(Header &header, const pci::Bar &bar)
{
	const size_t offset = PCI_BASE_ADDRESS_0 + 4 * static_cast<size_t>(bar.index);
	const uint64_t kind =
		!bar.isMemory ? PCI_BASE_ADDRESS_SPACE_IO
			      : (bar.is64 ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0) |
					(bar.isPrefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0);
	header.set(offset, 4, (bar.start & 0xffffffff) | kind);
	if (bar.is64 && bar.index + 1 < bars)
		header.set(offset + 4, 4, bar.start >> 32);
}

// Of what the text says of a region: '[virtual]' is what its registers do not say themselves,
// '<ignored>' what they say and the kernel does not.
static void tellRegisters(Block &block, const pci::Bar &bar, std::string_view what)
{
	auto &header = block.record.header;
	const bool isVirtual = what.find("[virtual]") != std::string_view::npos;
	if (isVirtual)
		header.set(PCI_BASE_ADDRESS_0 + 4 * static_cast<size_t>(bar.index), 4, 0);
	else if (what.find("<ignored>") == std::string_view::npos)
		setRegister(header, bar);
	if (bar.isMemory && !isVirtual)
		block.decodes = what.find("[disabled]") == std::string_view::npos;
}

static pci::Bar barOf(std::string_view what, int index)
{
	const auto address = numberBehind(what, " at ", 16).value_or(0);
	const bool isAssigned = address != 0 && what.find(" at <") == std::string_view::npos;
	return {.index = index,
		.start = isAssigned ? address : 0,
		.size = sizeOf(what),
		.isMemory = what.find("Memory at ") != std::string_view::npos,
		.is64 = what.find("(64-bit") != std::string_view::npos,
		.isPrefetchable = what.find(", prefetchable") != std::string_view::npos,
		.busAddress = isAssigned ? std::optional(pci::BusAddress{address}) : std::nullopt};
}

// 'Region 2: Memory at f4000000 (64-bit, prefetchable) [size=64M]'; -v shows no number. The same
// words in the SR-IOV capability are of virtual functions.
void readRegion(Block &block, std::string_view item)
{
	auto &record = block.record;
	const auto number = item.starts_with("Region ") ? numberBehind(item, "Region ")
							: std::optional<uint64_t>{};
	const uint64_t index = number.value_or(static_cast<uint64_t>(block.nextBar));
	const bool isRegion = item.find("Memory at ") != std::string_view::npos ||
			      item.find("I/O ports at ") != std::string_view::npos;
	if (block.at.offset != 0 || !isRegion || index >= bars)
		return;

	const auto bar = barOf(item, static_cast<int>(index));
	block.nextBar = bar.index + (bar.is64 ? 2 : 1);
	if (number)
		tellRegisters(block, bar, item);
	else if (bar.isMemory && item.find("[virtual]") == std::string_view::npos)
		block.decodes = item.find("[disabled]") == std::string_view::npos;
	record.hasBarNumbers |= number.has_value();
	const bool isKnown = std::ranges::count(record.bars, bar.index, &pci::Bar::index) > 0;
	if (!isKnown && (bar.size > 0 || bar.busAddress))
		record.bars.push_back(bar);
}

struct Range {
	uint64_t start, end;
};

// '0000f000-0000ffff [size=4K]'; '[disabled]' and 'None' are what ends before it starts.
static std::optional<Range> rangeOf(std::string_view item)
{
	const auto text = trimmed(item.substr(item.find(':') + 1));
	constexpr Range none{~0ULL, 0};
	if (text.starts_with("[disabled]") || text.starts_with("None"))
		return none;
	const auto start = numberAt(text, 16), end = numberBehind(text, "-", 16);
	if (!start || !end)
		return std::nullopt;
	return *start < *end ? Range{*start, *end} : none;
}

static void setPorts(Header &header, const Range &range)
{
	const unsigned kind = range.end > 0xffff ? PCI_IO_RANGE_TYPE_32 : PCI_IO_RANGE_TYPE_16;
	header.set(PCI_IO_BASE, 1, (range.start >> 8 & 0xf0) | kind);
	header.set(PCI_IO_LIMIT, 1, (range.end >> 8 & 0xf0) | kind);
	header.set(PCI_IO_BASE_UPPER16, 2, range.start >> 16 & 0xffff);
	header.set(PCI_IO_LIMIT_UPPER16, 2, range.end >> 16 & 0xffff);
}

static void setPrefetchable(Header &header, const Range &range)
{
	const unsigned kind = PCI_PREF_RANGE_TYPE_64;
	header.set(PCI_PREF_MEMORY_BASE, 2, (range.start >> 16 & 0xfff0) | kind);
	header.set(PCI_PREF_MEMORY_LIMIT, 2, (range.end >> 16 & 0xfff0) | kind);
	header.set(PCI_PREF_BASE_UPPER32, 4, range.start >> 32);
	header.set(PCI_PREF_LIMIT_UPPER32, 4, range.end >> 32);
}

// 'Prefetchable memory behind bridge: 00000000e0000000-00000000f1ffffff [size=288M] [32-bit]'
void readWindow(Block &block, std::string_view item)
{
	auto &header = block.record.header;
	const auto range = rangeOf(item);
	if (!range)
		return;
	if (item.starts_with('I')) {
		setPorts(header, *range);
	} else if (item.starts_with('P')) {
		setPrefetchable(header, *range);
	} else {
		header.set(PCI_MEMORY_BASE, 2, range->start >> 16 & 0xfff0);
		header.set(PCI_MEMORY_LIMIT, 2, range->end >> 16 & 0xfff0);
	}
}

}
