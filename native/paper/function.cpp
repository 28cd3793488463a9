// SPDX-License-Identifier: MIT
#include "paper/space.h"

#include "pci/function.h"

#include <algorithm>
#include <linux/pci_regs.h>

namespace paper
{

constexpr int endpointBars = 6, bridgeBars = 2;

static void readIdentity(pci::Function &function, const Record &record)
{
	const auto &config = function.config;
	function.vendor = config.u16(PCI_VENDOR_ID).value_or(record.vendor.value_or(0));
	function.device = config.u16(PCI_DEVICE_ID).value_or(record.device.value_or(0));
	function.subVendor = record.subVendor.value_or(0);
	function.subDevice = record.subDevice.value_or(0);
	const auto code = config.u16(PCI_CLASS_DEVICE).value_or(record.classCode.value_or(0));
	// Without -v the interface is not shown; NVM Express is the one that is met.
	constexpr uint16_t classNvme = 0x0108, interfaceNvme = 2;
	const unsigned interface =
		config.u8(PCI_CLASS_PROG).value_or(code == classNvme ? interfaceNvme : 0);
	function.classCode = uint32_t{code} << 8 | interface;
	function.revision = config.u8(PCI_REVISION_ID).value_or(0);
}

// From the registers, which do not tell sizes.
static std::vector<pci::Bar> barsIn(const pci::Config &config)
{
	std::vector<pci::Bar> bars;
	const auto type = config.u8(PCI_HEADER_TYPE).value_or(PCI_HEADER_TYPE_CARDBUS) & 0x7f;
	const int count = type == PCI_HEADER_TYPE_NORMAL   ? endpointBars
			  : type == PCI_HEADER_TYPE_BRIDGE ? bridgeBars
							   : 0;
	for (int index = 0; index < count; index++) {
		const size_t offset = PCI_BASE_ADDRESS_0 + 4 * static_cast<size_t>(index);
		const uint32_t low = config.u32(offset).value_or(0);
		if (low == 0 || low == ~0U)
			continue;
		const bool isMemory = !(low & PCI_BASE_ADDRESS_SPACE_IO);
		const bool is64 = isMemory && (low & PCI_BASE_ADDRESS_MEM_TYPE_64);
		const auto mask = static_cast<uint32_t>(isMemory ? PCI_BASE_ADDRESS_MEM_MASK
								 : PCI_BASE_ADDRESS_IO_MASK);
		const uint64_t high = is64 && index < 5 ? config.u32(offset + 4).value_or(0) : 0;
		const uint64_t address = high << 32 | (low & mask);
		bars.push_back({.index = index,
				.start = address,
				.size = 0,
				.isMemory = isMemory,
				.is64 = is64,
				.isPrefetchable = isMemory && (low & PCI_BASE_ADDRESS_MEM_PREFETCH),
				.busAddress = address ? std::optional(pci::BusAddress{address})
						      : std::nullopt});
		index += is64;
	}
	return bars;
}

// -v shows no numbers; the registers do.
static void numberBars(std::vector<pci::Bar> &bars, const std::vector<pci::Bar> &registers)
{
	for (auto &bar : bars) {
		const auto same = std::ranges::find(registers, bar.start, &pci::Bar::start);
		if (bar.start != 0 && same != registers.end())
			bar.index = same->index;
	}
}

static void readBars(pci::Function &function, Record &record)
{
	const auto registers = barsIn(function.config);
	function.hasResources = record.detail > Detail::name || record.rows > 0;
	function.bars = record.bars.empty() ? registers : std::move(record.bars);
	if (!record.hasBarNumbers)
		numberBars(function.bars, registers);
	std::ranges::sort(function.bars, {}, &pci::Bar::index);
}

static void addWindow(pci::Function &function, uint64_t start, uint64_t limit, uint64_t grain,
		      bool isMemory)
{
	if (start <= limit && limit != 0)
		function.windows.push_back({start, limit | (grain - 1), isMemory});
}

static void readWindows(pci::Function &function)
{
	const auto &config = function.config;
	if ((config.u8(PCI_HEADER_TYPE).value_or(0) & 0x7f) != PCI_HEADER_TYPE_BRIDGE)
		return;
	const auto upper = [&](const auto &half, unsigned shift) {
		return uint64_t{half.value_or(0)} << shift;
	};
	const auto ioBase = config.u8(PCI_IO_BASE), ioLimit = config.u8(PCI_IO_LIMIT);
	if (ioBase && ioLimit)
		addWindow(function,
			  uint64_t{*ioBase & 0xf0U} << 8 |
				  upper(config.u16(PCI_IO_BASE_UPPER16), 16),
			  uint64_t{*ioLimit & 0xf0U} << 8 |
				  upper(config.u16(PCI_IO_LIMIT_UPPER16), 16),
			  0x1000, false);
	const auto base = config.u16(PCI_MEMORY_BASE), limit = config.u16(PCI_MEMORY_LIMIT);
	if (base && limit)
		addWindow(function, uint64_t{*base & 0xfff0U} << 16,
			  uint64_t{*limit & 0xfff0U} << 16, 0x100000, true);
	const auto from = config.u16(PCI_PREF_MEMORY_BASE), to = config.u16(PCI_PREF_MEMORY_LIMIT);
	if (from && to)
		addWindow(function,
			  uint64_t{*from & 0xfff0U} << 16 |
				  upper(config.u32(PCI_PREF_BASE_UPPER32), 32),
			  uint64_t{*to & 0xfff0U} << 16 |
				  upper(config.u32(PCI_PREF_LIMIT_UPPER32), 32),
			  0x100000, true);
}

static void readSubsystem(pci::Function &function)
{
	const auto &config = function.config;
	const auto type = config.u8(PCI_HEADER_TYPE);
	if (function.subVendor != 0 || !type)
		return;
	size_t offset = PCI_SUBSYSTEM_VENDOR_ID;
	if ((*type & 0x7f) != PCI_HEADER_TYPE_NORMAL) {
		const auto found = config.capability(PCI_CAP_ID_SSVID);
		if (found.seen != pci::Seen::yes)
			return;
		offset = found.offset + size_t{PCI_SSVID_VENDOR_ID};
	}
	function.subVendor = config.u16(offset).value_or(0);
	function.subDevice = config.u16(offset + 2).value_or(0);
}

static void readPower(pci::Function &function)
{
	static const char *const states[] = {"D0", "D1", "D2", "D3hot"};
	const auto power = function.config.capability(PCI_CAP_ID_PM);
	const auto control = function.config.u8(power.offset + size_t{PCI_PM_CTRL});
	if (power.seen == pci::Seen::yes && control)
		function.powerState = states[*control & PCI_PM_CTRL_STATE_MASK];
}

pci::Function functionOf(const pci::Bdf &bdf, Record &&record)
{
	pci::Function function;
	function.bdf = bdf;
	function.config = configOf(record);
	readIdentity(function, record);
	readSubsystem(function);
	readPower(function);
	readBars(function, record);
	readWindows(function);
	pci::completeLinks(function);
	function.driver = std::move(record.driver);
	function.iommuGroup = record.iommuGroup;
	function.numaNode = record.numaNode;
	const auto command = function.config.u16(PCI_COMMAND);
	function.isEnabled = command && (*command & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	return function;
}

}
