// SPDX-License-Identifier: MIT
// What stands below a function's first line and belongs to no capability.
#include "paper/block.h"
#include "paper/header.h"
#include "paper/words.h"

#include <array>
#include <linux/pci_regs.h>

namespace paper
{

unsigned bitsOf(std::string_view item, std::span<const Flag> flags)
{
	unsigned bits = 0;
	for (const auto &[name, bit] : flags)
		bits |= flag(item, name).value_or(false) ? bit : 0;
	return bits;
}

constexpr std::array commandFlags = {
	Flag{"I/O", PCI_COMMAND_IO},
	Flag{"Mem", PCI_COMMAND_MEMORY},
	Flag{"BusMaster", PCI_COMMAND_MASTER},
	Flag{"SpecCycle", PCI_COMMAND_SPECIAL},
	Flag{"MemWINV", PCI_COMMAND_INVALIDATE},
	Flag{"VGASnoop", PCI_COMMAND_VGA_PALETTE},
	Flag{"ParErr", PCI_COMMAND_PARITY},
	Flag{"Stepping", PCI_COMMAND_WAIT},
	Flag{"SERR", PCI_COMMAND_SERR},
	Flag{"FastB2B", PCI_COMMAND_FAST_BACK},
	Flag{"DisINTx", PCI_COMMAND_INTX_DISABLE},
};

constexpr std::array statusFlags = {
	Flag{"INTx", PCI_STATUS_INTERRUPT},
	Flag{"Cap", PCI_STATUS_CAP_LIST},
	Flag{"66MHz", PCI_STATUS_66MHZ},
	Flag{"UDF", PCI_STATUS_UDF},
	Flag{"FastB2B", PCI_STATUS_FAST_BACK},
	Flag{"ParErr", PCI_STATUS_PARITY},
	Flag{">TAbort", PCI_STATUS_SIG_TARGET_ABORT},
	Flag{"<TAbort", PCI_STATUS_REC_TARGET_ABORT},
	Flag{"<MAbort", PCI_STATUS_REC_MASTER_ABORT},
	Flag{">SERR", PCI_STATUS_SIG_SYSTEM_ERROR},
	Flag{"<PERR", PCI_STATUS_DETECTED_PARITY},
};

static void readControl(Block &block, std::string_view item)
{
	if (!flag(item, "Mem") || !flag(item, "BusMaster"))
		return;
	block.record.detail = Detail::all;
	block.record.header.set(PCI_COMMAND, 2, bitsOf(item, commandFlags));
}

// Of the function itself, and of Power Management.
static void readStatus(Block &block, std::string_view item)
{
	if (const auto hasList = flag(item, "Cap"); hasList && block.at.offset == 0) {
		block.record.header.set(PCI_STATUS, 2, bitsOf(item, statusFlags));
		block.hasNoList = !*hasList;
	} else if (block.at.offset < PCI_CFG_SPACE_SIZE && block.at.id == PCI_CAP_ID_PM) {
		if (const auto state = numberBehind(item, "Status: D"))
			block.set(PCI_PM_CTRL, 1, *state & PCI_PM_CTRL_STATE_MASK);
	}
}

static std::optional<int> integer(std::optional<uint64_t> number)
{
	return number && *number <= 0x7fffffff ? std::optional(static_cast<int>(*number))
					       : std::nullopt;
}

static void readPlace(Block &block, std::string_view item)
{
	for (const auto key : {"IOMMU group: ", "IOMMU group ", "IOMMUGroup: "})
		if (const auto group = integer(numberBehind(item, key)))
			block.record.iommuGroup = group;
	for (const auto key : {"NUMA node: ", "NUMA node ", "NUMANode: "})
		if (const auto node = integer(numberBehind(item, key)))
			block.record.numaNode = node;
}

static void readFlags(Block &block, std::string_view item)
{
	if (item.find("devsel") == std::string_view::npos)
		return;
	block.record.detail = std::max(block.record.detail, Detail::some);
	block.isMaster = item.find("bus master") != std::string_view::npos;
	readPlace(block, item);
}

static void readBuses(Block &block, std::string_view item)
{
	const auto primary = numberBehind(item, "primary=", 16),
		   secondary = numberBehind(item, "secondary=", 16),
		   subordinate = numberBehind(item, "subordinate=", 16);
	if (!primary || !secondary || !subordinate)
		return;
	block.record.header.set(PCI_PRIMARY_BUS, 1, *primary);
	block.record.header.set(PCI_SECONDARY_BUS, 1, *secondary);
	block.record.header.set(PCI_SUBORDINATE_BUS, 1, *subordinate);
	const bool isCardBus = block.record.classCode == 0x0607;
	block.record.header.set(PCI_HEADER_TYPE, 1,
				isCardBus ? PCI_HEADER_TYPE_CARDBUS : PCI_HEADER_TYPE_BRIDGE);
}

static void readSubsystem(Block &block, std::string_view item)
{
	auto &record = block.record;
	readIds(trimmed(item.substr(item.find(':') + 1)), record.subVendor, record.subDevice);
}

static void readDriver(Block &block, std::string_view item)
{
	constexpr size_t longestName = 64;
	const auto driver = trimmed(item.substr(item.find(':') + 1));
	if (driver.size() < longestName)
		block.record.driver = std::string(driver);
	block.sawKernel = true;
}

static void readModules(Block &block, std::string_view)
{
	block.sawKernel = true;
}

static void readOddHeader(Block &block, std::string_view item)
{
	block.record.isGone = item.find("eader type 7f") != std::string_view::npos;
}

static void ignore(Block &, std::string_view) {}

void readRegion(Block &block, std::string_view item);
void readWindow(Block &block, std::string_view item);

constexpr std::array fields = {
	Keyword{"Control:", readControl},
	Keyword{"Status:", readStatus},
	Keyword{"Flags:", readFlags},
	Keyword{"Region ", readRegion},
	Keyword{"Memory at ", readRegion},
	Keyword{"I/O ports at ", readRegion},
	Keyword{"[virtual] Expansion ROM", ignore},
	Keyword{"[virtual] ", readRegion},
	Keyword{"[enhanced] ", readRegion},
	Keyword{"Expansion ROM", ignore},
	Keyword{"Bus: primary=", readBuses},
	Keyword{"I/O behind bridge:", readWindow},
	Keyword{"Memory behind bridge:", readWindow},
	Keyword{"Prefetchable memory behind bridge:", readWindow},
	Keyword{"Subsystem:", readSubsystem},
	Keyword{"IOMMU group:", readPlace},
	Keyword{"NUMA node:", readPlace},
	Keyword{"Kernel driver in use:", readDriver},
	Keyword{"Kernel modules:", readModules},
	Keyword{"!!! ", readOddHeader},
	Keyword{"Physical Slot:", ignore},
	Keyword{"Secondary status:", ignore},
};

const Keyword *fieldOf(std::string_view line)
{
	return find(fields, line);
}

static std::string_view valueOf(std::string_view item)
{
	return trimmed(item.substr(item.find(':') + 1));
}

static void readClassKey(Block &block, std::string_view item)
{
	block.record.classCode = readClass(valueOf(item));
}

// 'Vendor: Intel Corporation [8086]'
static std::optional<uint16_t> idOf(std::string_view item)
{
	const auto digits = item.ends_with(']') && item.size() > 6 ? item.substr(item.size() - 5, 4)
								   : valueOf(item);
	const bool isNumber = digits.size() == 4 && std::ranges::all_of(digits, isHexDigit);
	return isNumber ? std::optional(static_cast<uint16_t>(numberAt(digits, 16).value_or(0)))
			: std::nullopt;
}

static void readIdKey(Block &block, std::string_view item)
{
	auto &record = block.record;
	auto &field = item.starts_with("V")    ? record.vendor
		      : item.starts_with("D")  ? record.device
		      : item.starts_with("SV") ? record.subVendor
					       : record.subDevice;
	field = idOf(item);
}

static void readByteKey(Block &block, std::string_view item)
{
	auto &field = item.starts_with("R") ? block.record.revision : block.record.interface;
	if (const auto number = numberAt(valueOf(item), 16))
		field = static_cast<uint8_t>(*number);
}

constexpr std::array keys = {
	Keyword{"Class:", readClassKey},   Keyword{"Vendor:", readIdKey},
	Keyword{"Device:", readIdKey},     Keyword{"SVendor:", readIdKey},
	Keyword{"SDevice:", readIdKey},    Keyword{"Rev:", readByteKey},
	Keyword{"ProgIf:", readByteKey},   Keyword{"Driver:", readDriver},
	Keyword{"Module:", ignore},        Keyword{"NUMANode:", readPlace},
	Keyword{"IOMMUGroup:", readPlace}, Keyword{"PhySlot:", ignore},
};

const Keyword *keyOf(std::string_view line)
{
	return find(keys, line);
}

// Of -v the command register shows in what is said of memory.
static void tellCommand(Block &block)
{
	auto &record = block.record;
	if (record.detail == Detail::some && block.decodes)
		record.header.set(PCI_COMMAND, 2,
				  (block.isMaster ? PCI_COMMAND_MASTER : 0) |
					  (*block.decodes ? PCI_COMMAND_MEMORY : 0));
}

void closeBlock(Block &block, bool isEnded)
{
	auto &record = block.record;
	tellCommand(block);
	// Without -v lines are missing that would have been there.
	const bool isWhole = record.detail > Detail::name && !block.isCut &&
			     (isEnded || block.sawKernel || record.rows > 0);
	const bool isShown = !record.standard.headings.empty() || block.hasNoList;
	record.standard.isWhole = isShown && !record.isDenied &&
				  (isWhole || !record.extended.headings.empty()) &&
				  record.detail > Detail::name && !block.isCut;
	record.extended.isWhole = isWhole && !record.extended.headings.empty();
	record.standard.hasDetails = record.extended.hasDetails = record.detail == Detail::all;
}

}
