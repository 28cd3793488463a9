// SPDX-License-Identifier: MIT
#include "paper/record.h"

#include <linux/pci_regs.h>

namespace paper
{

// Hexadecimal is the machine's own word; text fills in what it leaves out.
class Filler
{
public:
	explicit Filler(pci::Config &config) : config_(config), known_(config.size()) {}

	void byte(size_t offset, unsigned value)
	{
		if (offset >= known_)
			config_.setU8(offset, static_cast<uint8_t>(value));
	}
	void word(size_t offset, unsigned value)
	{
		byte(offset, value & 0xff);
		byte(offset + 1, value >> 8);
	}
	void dword(size_t offset, uint32_t value)
	{
		word(offset, value & 0xffff);
		word(offset + 2, value >> 16);
	}

private:
	pci::Config &config_;
	const size_t known_;
};

static void fillIdentity(Filler &fill, const Record &record)
{
	const auto &function = record.function;
	if (record.hasIds) {
		fill.word(PCI_VENDOR_ID, function.vendor);
		fill.word(PCI_DEVICE_ID, function.device);
	}
	if (record.hasClass) {
		fill.word(PCI_CLASS_DEVICE, function.classCode >> 8);
		const bool isBridge = function.classCode >> 8 == 0x0604;
		fill.byte(PCI_HEADER_TYPE, isBridge ? PCI_HEADER_TYPE_BRIDGE : 0);
	}
	if (record.secondary)
		fill.byte(PCI_SECONDARY_BUS, *record.secondary);
	if (record.subordinate)
		fill.byte(PCI_SUBORDINATE_BUS, *record.subordinate);
}

static void fillCapabilities(Filler &fill, const Record &record)
{
	const auto &list = record.capabilities;
	if (record.isDenied || !record.isVerbose)
		return;
	fill.word(PCI_STATUS, list.empty() ? 0 : PCI_STATUS_CAP_LIST);
	fill.byte(PCI_CAPABILITY_LIST, list.empty() ? 0 : list.front().offset);
	for (size_t i = 0; i < list.size(); i++) {
		fill.byte(list[i].offset, list[i].id);
		fill.byte(list[i].offset + 1U, i + 1 < list.size() ? list[i + 1].offset : 0);
	}
}

static void fillExtended(Filler &fill, const Record &record, bool seesExtended)
{
	const auto &list = record.extended;
	if (list.empty()) {
		if (seesExtended && record.isVerbose && !record.isDenied)
			fill.dword(PCI_CFG_SPACE_SIZE, 0);
		return;
	}
	// The chain starts at 0x100, if need be with an entry of no kind.
	if (list.front().offset != PCI_CFG_SPACE_SIZE)
		fill.dword(PCI_CFG_SPACE_SIZE, uint32_t{list.front().offset} << 20);
	for (size_t i = 0; i < list.size(); i++) {
		const uint32_t next = i + 1 < list.size() ? list[i + 1].offset : 0;
		fill.dword(list[i].offset, next << 20 | 1U << 16 | list[i].id);
	}
}

static std::optional<size_t> endOfSpace(const Record &record, const pci::Config &config)
{
	if (record.hex.size() == PCI_CFG_SPACE_EXP_SIZE)
		return PCI_CFG_SPACE_EXP_SIZE;
	// A conventional function ends there; PCI-X 2.0 with more is not met any more.
	if (config.capability(PCI_CAP_ID_EXP).seen == pci::Seen::no && record.extended.empty())
		return PCI_CFG_SPACE_SIZE;
	return std::nullopt;
}

void buildConfig(Record &record, bool seesExtended)
{
	auto &config = record.function.config;
	config = pci::Config(record.hex);

	Filler fill(config);
	fillIdentity(fill, record);
	fillCapabilities(fill, record);
	fillExtended(fill, record, seesExtended);
	for (const auto &[offset, value] : record.words)
		if (!record.acsSeen.contains(offset) || record.acsSeen.at(offset) > 0)
			fill.word(offset, value);
	config.setSpace(endOfSpace(record, config));
}

}
