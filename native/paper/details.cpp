// SPDX-License-Identifier: MIT
#include "paper/details.h"

#include "paper/capability_names.h"
#include "paper/words.h"

#include <algorithm>
#include <array>
#include <linux/pci_regs.h>
#include <string>

namespace paper
{

constexpr size_t mostCapabilities = 512;

struct Flag {
	std::string_view name;
	unsigned bit;
};

template <size_t N>
static std::optional<unsigned> bitsOf(std::string_view line, const std::array<Flag, N> &flags)
{
	std::optional<unsigned> bits;
	for (const auto &[name, bit] : flags)
		if (const auto isSet = flag(line, name))
			bits = bits.value_or(0) | (*isSet ? bit : 0);
	return bits;
}

constexpr std::array commandFlags = {
	Flag{"I/O", PCI_COMMAND_IO},
	Flag{"Mem", PCI_COMMAND_MEMORY},
	Flag{"BusMaster", PCI_COMMAND_MASTER},
	Flag{"SERR", PCI_COMMAND_SERR},
	Flag{"DisINTx", PCI_COMMAND_INTX_DISABLE},
};

constexpr std::array acsFlags = {
	Flag{"SrcValid", PCI_ACS_SV},    Flag{"TransBlk", PCI_ACS_TB},
	Flag{"ReqRedir", PCI_ACS_RR},    Flag{"CmpltRedir", PCI_ACS_CR},
	Flag{"UpstreamFwd", PCI_ACS_UF}, Flag{"EgressCtrl", PCI_ACS_EC},
	Flag{"DirectTrans", PCI_ACS_DT},
};

bool Details::read(std::string_view raw)
{
	const auto line = trimmed(raw);
	if (line.starts_with("Capabilities:"))
		return readHeading(line);
	return readCapability(line) || readRegion(line) || readWindow(line) || readFlags(line) ||
	       readKernel(line);
}

// 'Capabilities: [148 v1] Access Control Services'
bool Details::readHeading(std::string_view line)
{
	const auto place = behind(line, "[");
	const auto name = trimmed(behind(place, "]"));
	const auto offset = numberAt(place, 16);

	acsWord_ = 0;
	isInDevCtl_ = false;
	record_->isVerbose = true;
	if (line.find("<access denied>") != std::string_view::npos) {
		record_->isDenied = true;
		return true;
	}
	if (!offset || *offset < PCI_STD_HEADER_SIZEOF || *offset >= PCI_CFG_SPACE_EXP_SIZE)
		return false;
	const bool isExtended = *offset >= PCI_CFG_SPACE_SIZE;
	auto &list = isExtended ? record_->extended : record_->capabilities;
	at_ = {static_cast<uint16_t>(*offset),
	       isExtended ? extendedByName(name) : capabilityByName(name)};
	for (const auto &known : list)
		if (known.offset == at_.offset)
			return true;
	if (list.size() < mostCapabilities)
		list.push_back(at_);
	if (!isExtended && at_.id == PCI_CAP_ID_EXP)
		record_->setWord(at_.offset + size_t{PCI_EXP_FLAGS}, expressFlags(name));
	return true;
}

bool Details::readCapability(std::string_view line)
{
	const bool isExtended = at_.offset >= PCI_CFG_SPACE_SIZE;
	if (isExtended && at_.id == PCI_EXT_CAP_ID_ACS)
		return readAcs(line);
	if (isExtended && at_.id == PCI_EXT_CAP_ID_SRIOV)
		return readVirtualFunctions(line);
	if (!isExtended && at_.id == PCI_CAP_ID_EXP)
		return readExpress(line);
	if (!isExtended && at_.id == PCI_CAP_ID_PM && line.starts_with("Status: D")) {
		const std::string state(line.substr(8, 2));
		record_->function.powerState = state == "D3" ? "D3hot" : state;
		return true;
	}
	return false;
}

// A mail may have broken the row of flags in two.
bool Details::readAcs(std::string_view line)
{
	if (line.starts_with("ACSCap:"))
		acsWord_ = at_.offset + size_t{PCI_ACS_CAP};
	else if (line.starts_with("ACSCtl:"))
		acsWord_ = at_.offset + size_t{PCI_ACS_CTRL};
	const auto bits = bitsOf(line, acsFlags);
	if (acsWord_ == 0 || !bits)
		return false;
	record_->acsSeen[acsWord_] += line.find("EgressCtrl") != std::string_view::npos;
	record_->words[acsWord_] |= static_cast<uint16_t>(*bits);
	return true;
}

static pci::Link linkOf(std::string_view line)
{
	const auto text = behind(line, "Speed ");
	const auto width = numberBehind(line, "Width x");
	const std::string speed(text.substr(0, text.find_first_not_of("0123456789.")));
	const double gigatransfers = speed.empty() || speed.size() > 8 ? 0 : std::stod("0" + speed);
	if (gigatransfers <= 0 || !width || *width < 1 || *width > 32)
		return {};
	return {gigatransfers, static_cast<int>(*width)};
}

static unsigned speedCode(double gigatransfers)
{
	constexpr std::array speeds = {2.5, 5.0, 8.0, 16.0, 32.0, 64.0};
	for (unsigned i = 0; i < speeds.size(); i++)
		if (gigatransfers == speeds[i])
			return i + 1;
	return 0;
}

static unsigned linkWord(const pci::Link &link)
{
	return speedCode(link.speedGTs) | static_cast<unsigned>(link.width) << 4;
}

bool Details::readExpress(std::string_view line)
{
	auto &function = record_->function;
	if (line.starts_with("DevC"))
		isInDevCtl_ = line.starts_with("DevCtl:");
	if (line.starts_with("LnkCap:")) {
		function.maxLink = linkOf(line);
		record_->setWord(at_.offset + size_t{PCI_EXP_LNKCAP}, linkWord(function.maxLink));
		const auto port = numberBehind(line, "Port #");
		record_->setWord(at_.offset + PCI_EXP_LNKCAP + 2,
				 static_cast<unsigned>(port.value_or(0) & 0xff) << 8);
		return true;
	}
	if (line.starts_with("LnkSta:")) {
		function.link = linkOf(line);
		record_->setWord(at_.offset + size_t{PCI_EXP_LNKSTA}, linkWord(function.link));
		return true;
	}
	const auto payload = numberBehind(line, "MaxPayload ");
	if (!payload)
		return line.starts_with("Dev") || line.starts_with("Lnk");
	if (isInDevCtl_)
		for (unsigned code = 0; code < 6; code++)
			if (*payload == 128U << code)
				record_->setWord(at_.offset + size_t{PCI_EXP_DEVCTL}, code << 5);
	return true;
}

bool Details::readVirtualFunctions(std::string_view line)
{
	if (line.starts_with("IOVCtl:")) {
		const unsigned enable =
			flag(line, "Enable").value_or(false) ? PCI_SRIOV_CTRL_VFE : 0;
		const unsigned memory = flag(line, "MSE").value_or(false) ? PCI_SRIOV_CTRL_MSE : 0;
		record_->setWord(at_.offset + size_t{PCI_SRIOV_CTRL}, enable | memory);
		return true;
	}
	const auto number = numberBehind(line, "Number of VFs: ");
	const auto offset = numberBehind(line, "VF offset: ");
	const auto stride = numberBehind(line, "stride: ");
	if (number)
		record_->setWord(at_.offset + size_t{PCI_SRIOV_NUM_VF},
				 static_cast<unsigned>(*number & 0xffff));
	if (offset && stride) {
		record_->setWord(at_.offset + size_t{PCI_SRIOV_VF_OFFSET},
				 static_cast<unsigned>(*offset & 0xffff));
		record_->setWord(at_.offset + size_t{PCI_SRIOV_VF_STRIDE},
				 static_cast<unsigned>(*stride & 0xffff));
	}
	return number || (offset && stride);
}

// '64M' of '[size=64M]'
static uint64_t sizeOf(std::string_view line)
{
	const auto text = behind(line, "[size=");
	uint64_t size = numberAt(text, 10).value_or(0);
	const size_t unit = text.find_first_not_of("0123456789");
	constexpr std::string_view units = "KMGT";
	if (unit != std::string_view::npos)
		if (const size_t power = units.find(text[unit]); power != std::string_view::npos)
			size <<= 10 * (power + 1);
	return size;
}

// 'Region 2: Memory at f4000000 (64-bit, prefetchable) [size=64M]'; with -v no number is shown.
bool Details::readRegion(std::string_view line)
{
	const auto number = line.starts_with("Region ") ? numberBehind(line, "Region ")
							: std::optional<uint64_t>{};
	const auto what = number ? trimmed(behind(line, ": ")) : line;
	const bool isMemory = what.starts_with("Memory at ");
	if (!isMemory && !what.starts_with("I/O ports at "))
		return false;
	const int index = number ? static_cast<int>(std::min<uint64_t>(*number, 6)) : nextBar_;
	const bool is64 = what.find("64-bit") != std::string_view::npos;
	nextBar_ = index + (is64 ? 2 : 1);
	record_->hasBars = true;
	const auto address = numberBehind(what, " at ", 16).value_or(0);
	const uint64_t size = sizeOf(what);
	if (index > 5 || size == 0 || record_->function.bar(index))
		return true;

	const bool isAssigned = address != 0 && what.find("<") == std::string_view::npos;
	record_->function.bars.push_back(
		{.index = index,
		 .start = isAssigned ? address : 0,
		 .size = size,
		 .isMemory = isMemory,
		 .is64 = is64,
		 .isPrefetchable = what.find(", prefetchable") != std::string_view::npos,
		 .busAddress =
			 isAssigned ? std::optional(pci::BusAddress{address}) : std::nullopt});
	return true;
}

// 'Prefetchable memory behind bridge: 00000000e0000000-00000000f1ffffff [size=288M] [32-bit]'
bool Details::readWindow(std::string_view line)
{
	const auto range = trimmed(behind(line, " behind bridge:"));
	if (range.empty())
		return false;
	const auto start = numberAt(range, 16), end = numberBehind(range, "-", 16);
	const auto isSame = [&](const auto &window) { return window.start == start; };
	if (start && end && *end > *start &&
	    std::ranges::none_of(record_->function.windows, isSame))
		record_->function.windows.push_back(
			{.start = *start, .end = *end, .isMemory = !line.starts_with("I/O")});
	return true;
}

bool Details::readFlags(std::string_view line)
{
	auto &function = record_->function;
	if (line.starts_with("Control:")) {
		if (const auto bits = bitsOf(line, commandFlags))
			record_->setWord(PCI_COMMAND, *bits);
		record_->isVerbose = record_->hasBars = true;
		return true;
	}
	if (line.starts_with("Flags:"))
		record_->isVerbose = record_->hasBars = true;
	if (line.starts_with("Bus: primary=")) {
		if (const auto bus = numberBehind(line, "secondary=", 16))
			record_->secondary = static_cast<uint8_t>(*bus);
		if (const auto bus = numberBehind(line, "subordinate=", 16))
			record_->subordinate = static_cast<uint8_t>(*bus);
		return true;
	}
	for (const auto key : {"IOMMU group: ", "IOMMU group ", "IOMMUGroup:"})
		if (const auto group = numberBehind(line, key))
			function.iommuGroup = static_cast<int>(*group & 0x7fffffff);
	for (const auto key : {"NUMA node: ", "NUMA node ", "NUMANode:"})
		if (const auto node = numberBehind(line, key))
			function.numaNode = static_cast<int>(*node & 0x7fffffff);
	return line.starts_with("Flags:") || line.starts_with("IOMMU group") ||
	       line.starts_with("NUMA node") || line.starts_with("Status:");
}

bool Details::readKernel(std::string_view line)
{
	auto &function = record_->function;
	for (const auto key : {"Kernel driver in use: ", "Driver:"}) {
		const auto driver = trimmed(behind(line, key));
		if (line.starts_with(key) && !driver.empty() && driver.size() < 64)
			function.driver = std::string(driver);
	}
	if (!line.starts_with("Subsystem:"))
		return line.starts_with("Kernel ") || line.starts_with("Driver:");
	const size_t open = line.rfind('[');
	const auto ids =
		open == std::string_view::npos ? trimmed(line.substr(10)) : line.substr(open + 1);
	if (ids.size() >= 9 && ids[4] == ':') {
		function.subVendor = static_cast<uint16_t>(numberAt(ids, 16).value_or(0));
		function.subDevice = static_cast<uint16_t>(numberAt(ids.substr(5), 16).value_or(0));
	}
	return true;
}

}
