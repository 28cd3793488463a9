// SPDX-License-Identifier: MIT
#include "paper/space.h"

#include <linux/pci_regs.h>

namespace paper
{

constexpr size_t extendedStart = PCI_CFG_SPACE_SIZE;
constexpr size_t end = PCI_CFG_SPACE_EXP_SIZE;
constexpr uint16_t classBridgePci = 0x0604, classBridgeCardBus = 0x0607;

// What is known already stays: the machine's own word goes first, then the order of filling.
static void fill(pci::Config &config, size_t offset, size_t size, uint64_t value)
{
	for (size_t i = offset; i < offset + size; i++, value >>= 8)
		if (!config.u8(i))
			config.setU8(i, static_cast<uint8_t>(value));
}

static void fillHeader(pci::Config &config, const Record &record)
{
	const auto fillWord = [&](size_t offset, const auto &value) {
		if (value)
			fill(config, offset, sizeof *value, *value);
	};
	if (record.vendor && record.device) {
		fillWord(PCI_VENDOR_ID, record.vendor);
		fillWord(PCI_DEVICE_ID, record.device);
	}
	fillWord(PCI_CLASS_DEVICE, record.classCode);
	fillWord(PCI_CLASS_PROG, record.interface);
	fillWord(PCI_REVISION_ID, record.revision);
	for (size_t i = 0; i < record.header.bytes.size(); i++)
		if (record.header.has(i))
			fill(config, i, 1, record.header.bytes[i]);
	if (record.detail == Detail::name && record.standard.headings.empty())
		return;
	const bool isBridge = record.classCode == classBridgePci;
	const bool isCardBus = record.classCode == classBridgeCardBus;
	fill(config, PCI_HEADER_TYPE, 1,
	     isBridge    ? PCI_HEADER_TYPE_BRIDGE
	     : isCardBus ? PCI_HEADER_TYPE_CARDBUS
			 : PCI_HEADER_TYPE_NORMAL);
}

static void fillRegisters(pci::Config &config, const List &list, size_t limit)
{
	for (const auto &[offset, size, value] : list.registers)
		if (offset + size_t{size} <= limit)
			fill(config, offset, size, value);
}

static size_t listStart(const pci::Config &config)
{
	const auto type = config.u8(PCI_HEADER_TYPE).value_or(0);
	return (type & 0x7f) == PCI_HEADER_TYPE_CARDBUS ? PCI_CB_CAPABILITY_LIST
							: PCI_CAPABILITY_LIST;
}

// The pointer behind the last entry stays a hole unless nothing can follow.
static void fillStandard(pci::Config &config, const Record &record)
{
	const auto &[headings, registers, isWhole, hasDetails] = record.standard;
	if (!headings.empty() || record.isDenied || isWhole)
		fill(config, PCI_STATUS, 2, headings.empty() && isWhole ? 0 : PCI_STATUS_CAP_LIST);
	size_t pointer = listStart(config);
	for (const auto &heading : headings) {
		fill(config, pointer, 1, heading.offset);
		fill(config, heading.offset, 1, heading.id);
		pointer = heading.offset + size_t{PCI_CAP_LIST_NEXT};
	}
	if (isWhole)
		fill(config, pointer, 1, 0);
	fillRegisters(config, record.standard, extendedStart);
}

// A place that nothing was said of: whoever follows a list there learns that it is not known.
static size_t holeOf(const pci::Config &config)
{
	for (size_t offset = end - 4; offset > extendedStart; offset -= 4)
		if (!config.u8(offset) && !config.u8(offset + 1))
			return offset;
	return 0;
}

static void fillHeading(pci::Config &config, const Heading &heading, size_t next)
{
	fill(config, heading.offset, 4,
	     heading.id | uint32_t{heading.version} << 16 | static_cast<uint32_t>(next) << 20);
}

static void fillExtended(pci::Config &config, const List &list)
{
	const auto &headings = list.headings;
	if (headings.empty())
		return;
	// The chain starts at 0x100. Where its first links were not shown, what was shown counts.
	const bool isHead = headings.front().offset == extendedStart;
	if (!isHead)
		fillHeading(config, {extendedStart, 0, 0}, headings.front().offset);
	for (size_t i = 0; i + 1 < headings.size(); i++)
		fillHeading(config, headings[i], headings[i + 1].offset);
	fillRegisters(config, list, end);
	fillHeading(config, headings.back(), list.isWhole && isHead ? 0 : holeOf(config));
}

static std::optional<size_t> endOfSpace(const Record &record, const pci::Config &config)
{
	if (config.u32(extendedStart) || !record.extended.headings.empty())
		return end;
	// A conventional function has no more; the few of PCI-X 2.0 are not met any more.
	if (config.capability(PCI_CAP_ID_EXP).seen == pci::Seen::no)
		return extendedStart;
	return std::nullopt;
}

pci::Config configOf(const Record &record)
{
	constexpr size_t allRows = end / 16;
	if (record.isGone && record.rows == 0)
		return pci::Config(std::string(PCI_STD_HEADER_SIZEOF, '\xff'));
	auto config = record.hex;
	if (record.rows < allRows) {
		fillHeader(config, record);
		fillStandard(config, record);
		fillExtended(config, record.extended);
		const bool isExpress = config.capability(PCI_CAP_ID_EXP).seen == pci::Seen::yes;
		if (record.extended.headings.empty() && record.lacksExtended && isExpress)
			fill(config, extendedStart, 4, 0);
	}
	config.setSpace(endOfSpace(record, config));
	return config;
}

}
