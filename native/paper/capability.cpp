// SPDX-License-Identifier: MIT
// The capabilities of a function and the registers that -vv decodes of them.
#include "paper/block.h"
#include "paper/capability_names.h"
#include "paper/header.h"
#include "paper/words.h"

#include <array>
#include <linux/pci_regs.h>

namespace paper
{

// A list can hold no more: every entry takes a place of its own.
constexpr size_t mostHeadings = 1024;

static void readMsix(Block &block, std::string_view name)
{
	const auto count = numberBehind(name, "Count=").value_or(1);
	block.set(PCI_MSIX_FLAGS, 2,
		  ((count - 1) & PCI_MSIX_FLAGS_QSIZE) |
			  (flag(name, "Masked").value_or(false) ? PCI_MSIX_FLAGS_MASKALL : 0) |
			  (flag(name, "Enable").value_or(false) ? PCI_MSIX_FLAGS_ENABLE : 0));
}

static void readName(Block &block, std::string_view name)
{
	auto &record = block.record;
	if (block.at.offset >= PCI_CFG_SPACE_SIZE)
		return;
	if (block.at.id == PCI_CAP_ID_EXP) {
		if (const auto flags = expressFlags(name))
			block.set(PCI_EXP_FLAGS, 2, *flags);
	} else if (block.at.id == PCI_CAP_ID_MSIX) {
		readMsix(block, name);
	} else if (block.at.id == PCI_CAP_ID_SSVID) {
		readIds(trimmed(behind(name, ":")), record.subVendor, record.subDevice);
	}
}

static bool isPlace(uint64_t offset)
{
	return offset >= PCI_STD_HEADER_SIZEOF && offset < PCI_CFG_SPACE_EXP_SIZE &&
	       offset % 4 == 0;
}

// 'Capabilities: [148 v1] Access Control Services', '[148]' of -v, '<access denied>'.
static void readHeading(Block &block, std::string_view item)
{
	const auto place = behind(item, "[");
	const auto offset = numberAt(place, 16);
	const auto name = trimmed(behind(place, "]"));

	block.at = {};
	if (item.find("<access denied>") != std::string_view::npos)
		block.record.isDenied = true;
	if (!offset || !isPlace(*offset) || name.starts_with("<chain"))
		return;
	const bool isExtended = *offset >= PCI_CFG_SPACE_SIZE;
	block.at = {.offset = static_cast<uint16_t>(*offset),
		    .id = isExtended ? extendedByName(name) : capabilityByName(name),
		    .version = static_cast<uint8_t>(numberBehind(place, " v").value_or(1) & 0xf)};
	auto &headings = block.list().headings;
	const bool isKnown = std::ranges::count(headings, block.at.offset, &Heading::offset) > 0;
	if (isKnown || headings.size() >= mostHeadings) {
		block.at = {};
		return;
	}
	headings.push_back(block.at);
	readName(block, name);
}

constexpr std::array acsFlags = {
	Flag{"SrcValid", PCI_ACS_SV},    Flag{"TransBlk", PCI_ACS_TB},
	Flag{"ReqRedir", PCI_ACS_RR},    Flag{"CmpltRedir", PCI_ACS_CR},
	Flag{"UpstreamFwd", PCI_ACS_UF}, Flag{"EgressCtrl", PCI_ACS_EC},
	Flag{"DirectTrans", PCI_ACS_DT},
};

// A row that lost its end says nothing of the bits that are not there.
static void readAcs(Block &block, std::string_view item)
{
	const bool isWhole = flag(item, "ReqRedir") && flag(item, "CmpltRedir") &&
			     flag(item, "EgressCtrl") && flag(item, "DirectTrans");
	if (block.at.id == PCI_EXT_CAP_ID_ACS && block.at.offset >= PCI_CFG_SPACE_SIZE && isWhole)
		block.set(item.starts_with("ACSCap") ? PCI_ACS_CAP : PCI_ACS_CTRL, 2,
			  bitsOf(item, acsFlags));
}

static bool isExpress(const Block &block)
{
	return block.at.id == PCI_CAP_ID_EXP && block.at.offset < PCI_CFG_SPACE_SIZE &&
	       block.at.offset != 0;
}

// 0 for 128 bytes, 1 for 256 …
static std::optional<unsigned> sizeCode(std::string_view item, std::string_view key)
{
	const auto bytes = numberBehind(item, key);
	for (unsigned code = 0; code < 6; code++)
		if (bytes == 128U << code)
			return code;
	return std::nullopt;
}

static void readDeviceCapability(Block &block, std::string_view item)
{
	const auto payload = sizeCode(item, "MaxPayload ");
	if (isExpress(block) && payload)
		block.set(PCI_EXP_DEVCAP, 1,
			  *payload | (flag(item, "ExtTag").value_or(false) ? PCI_EXP_DEVCAP_EXT_TAG
									   : 0));
}

// The first four in old words as well.
constexpr std::array deviceFlags = {
	Flag{"CorrErr", PCI_EXP_DEVCTL_CERE},       Flag{"Correctable", PCI_EXP_DEVCTL_CERE},
	Flag{"NonFatalErr", PCI_EXP_DEVCTL_NFERE},  Flag{"Non-Fatal", PCI_EXP_DEVCTL_NFERE},
	Flag{"FatalErr", PCI_EXP_DEVCTL_FERE},      Flag{"Fatal", PCI_EXP_DEVCTL_FERE},
	Flag{"UnsupReq", PCI_EXP_DEVCTL_URRE},      Flag{"Unsupported", PCI_EXP_DEVCTL_URRE},
	Flag{"RlxdOrd", PCI_EXP_DEVCTL_RELAX_EN},   Flag{"ExtTag", PCI_EXP_DEVCTL_EXT_TAG},
	Flag{"PhantFunc", PCI_EXP_DEVCTL_PHANTOM},  Flag{"AuxPwr", PCI_EXP_DEVCTL_AUX_PME},
	Flag{"NoSnoop", PCI_EXP_DEVCTL_NOSNOOP_EN},
};

static void readDeviceControl(Block &block, std::string_view item)
{
	const auto payload = sizeCode(item, "MaxPayload ");
	const auto request = sizeCode(item, "MaxReadReq ");
	if (isExpress(block) && payload)
		block.set(PCI_EXP_DEVCTL, 2,
			  bitsOf(item, deviceFlags) | *payload << 5 | request.value_or(0) << 12);
}

// 'Speed 8GT/s, Width x16' as both link registers have it.
static std::optional<unsigned> linkBits(std::string_view item)
{
	constexpr std::array<std::string_view, 7> speeds = {"2.5", "5",  "8",  "16",
							    "32",  "64", "128"};
	const auto text = behind(item, "Speed ");
	const auto width = numberBehind(item, "Width x");
	const auto speed = std::ranges::find(speeds, text.substr(0, text.find("GT/s")));
	if (text.empty() || !width)
		return std::nullopt;
	const auto code = speed == speeds.end() ? 0 : speed - speeds.begin() + 1;
	return static_cast<unsigned>(code) |
	       (static_cast<unsigned>(*width) << PCI_EXP_LNKSTA_NLW_SHIFT & PCI_EXP_LNKSTA_NLW);
}

// Of the port's numbers, speed and width; power saving and its latencies read 0.
static void readLinkCapability(Block &block, std::string_view item)
{
	const auto bits = linkBits(item);
	const auto port = numberBehind(item, "Port #");
	if (!isExpress(block) || !bits)
		return;
	block.set(PCI_EXP_LNKCAP, 2, *bits);
	if (port) {
		block.set(PCI_EXP_LNKCAP + 2, 1, 0);
		block.set(PCI_EXP_LNKCAP + 3, 1, *port & 0xff);
	}
}

constexpr std::array linkFlags = {
	Flag{"Train", PCI_EXP_LNKSTA_LT},       Flag{"SlotClk", PCI_EXP_LNKSTA_SLC},
	Flag{"DLActive", PCI_EXP_LNKSTA_DLLLA}, Flag{"BWMgmt", PCI_EXP_LNKSTA_LBMS},
	Flag{"ABWMgmt", PCI_EXP_LNKSTA_LABS},
};

static void readLinkStatus(Block &block, std::string_view item)
{
	if (const auto bits = linkBits(item); isExpress(block) && bits)
		block.set(PCI_EXP_LNKSTA, 2, *bits | bitsOf(item, linkFlags));
}

constexpr std::array sriovFlags = {
	Flag{"Enable", PCI_SRIOV_CTRL_VFE},       Flag{"Migration", PCI_SRIOV_CTRL_VFM},
	Flag{"Interrupt", PCI_SRIOV_CTRL_INTR},   Flag{"MSE", PCI_SRIOV_CTRL_MSE},
	Flag{"ARIHierarchy", PCI_SRIOV_CTRL_ARI},
};

struct Number {
	std::string_view key;
	size_t offset;
};

constexpr std::array sriovNumbers = {
	Number{"Initial VFs: ", PCI_SRIOV_INITIAL_VF}, Number{"Total VFs: ", PCI_SRIOV_TOTAL_VF},
	Number{"Number of VFs: ", PCI_SRIOV_NUM_VF},   Number{"VF offset: ", PCI_SRIOV_VF_OFFSET},
	Number{"stride: ", PCI_SRIOV_VF_STRIDE},
};

static void readVirtualFunctions(Block &block, std::string_view item)
{
	if (block.at.id != PCI_EXT_CAP_ID_SRIOV || block.at.offset < PCI_CFG_SPACE_SIZE)
		return;
	if (item.starts_with("IOVCtl:") && flag(item, "Enable"))
		block.set(PCI_SRIOV_CTRL, 2, bitsOf(item, sriovFlags));
	for (const auto &[key, offset] : sriovNumbers)
		if (const auto number = numberBehind(item, key))
			block.set(offset, 2, *number & 0xffff);
}

static void readTable(Block &block, std::string_view item)
{
	const auto bar = numberBehind(item, "BAR="), offset = numberBehind(item, "offset=", 16);
	if (block.at.id == PCI_CAP_ID_MSIX && block.at.offset < PCI_CFG_SPACE_SIZE && bar && offset)
		block.set(item.starts_with("PBA") ? PCI_MSIX_PBA : PCI_MSIX_TABLE, 4,
			  static_cast<uint32_t>((*offset & ~7ULL) | (*bar & 7)));
}

constexpr std::array capabilities = {
	Keyword{"Capabilities:", readHeading},
	Keyword{"ACSCap:", readAcs},
	Keyword{"ACSCtl:", readAcs},
	Keyword{"DevCap:", readDeviceCapability},
	Keyword{"DevCtl:", readDeviceControl},
	Keyword{"LnkCap:", readLinkCapability},
	Keyword{"LnkSta:", readLinkStatus},
	Keyword{"IOVCtl:", readVirtualFunctions},
	Keyword{"Initial VFs:", readVirtualFunctions},
	Keyword{"Total VFs:", readVirtualFunctions},
	Keyword{"Number of VFs:", readVirtualFunctions},
	Keyword{"VF offset:", readVirtualFunctions},
	Keyword{"stride:", readVirtualFunctions},
	Keyword{"Vector table:", readTable},
	Keyword{"PBA:", readTable},
};

const Keyword *capabilityOf(std::string_view line)
{
	return find(capabilities, line);
}

}
