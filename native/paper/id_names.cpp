// SPDX-License-Identifier: MIT
#include "paper/id_names.h"

#include "paper/words.h"

#include <algorithm>
#include <array>

namespace paper
{

struct Named {
	std::string_view name;
	uint16_t number;
};

constexpr std::array classes = {
	Named{"non-vga unclassified device", 0x0000},
	Named{"vga compatible unclassified device", 0x0001},
	Named{"scsi storage controller", 0x0100},
	Named{"ide interface", 0x0101},
	Named{"floppy disk controller", 0x0102},
	Named{"ipi bus controller", 0x0103},
	Named{"raid bus controller", 0x0104},
	Named{"ata controller", 0x0105},
	Named{"sata controller", 0x0106},
	Named{"serial attached scsi controller", 0x0107},
	Named{"non-volatile memory controller", 0x0108},
	Named{"universal flash storage controller", 0x0109},
	Named{"mass storage controller", 0x0180},
	Named{"ethernet controller", 0x0200},
	Named{"token ring network controller", 0x0201},
	Named{"fddi network controller", 0x0202},
	Named{"atm network controller", 0x0203},
	Named{"isdn controller", 0x0204},
	Named{"infiniband controller", 0x0207},
	Named{"fabric controller", 0x0208},
	Named{"network controller", 0x0280},
	Named{"vga compatible controller", 0x0300},
	Named{"xga compatible controller", 0x0301},
	Named{"3d controller", 0x0302},
	Named{"display controller", 0x0380},
	Named{"multimedia video controller", 0x0400},
	Named{"multimedia audio controller", 0x0401},
	Named{"computer telephony device", 0x0402},
	Named{"audio device", 0x0403},
	Named{"multimedia controller", 0x0480},
	Named{"ram memory", 0x0500},
	Named{"flash memory", 0x0501},
	Named{"cxl", 0x0502},
	Named{"memory controller", 0x0580},
	Named{"host bridge", 0x0600},
	Named{"isa bridge", 0x0601},
	Named{"eisa bridge", 0x0602},
	Named{"microchannel bridge", 0x0603},
	Named{"pci bridge", 0x0604},
	Named{"pcmcia bridge", 0x0605},
	Named{"nubus bridge", 0x0606},
	Named{"cardbus bridge", 0x0607},
	Named{"raceway bridge", 0x0608},
	Named{"semi-transparent pci-to-pci bridge", 0x0609},
	Named{"infiniband to pci host bridge", 0x060a},
	Named{"bridge", 0x0680},
	Named{"serial controller", 0x0700},
	Named{"parallel controller", 0x0701},
	Named{"multiport serial controller", 0x0702},
	Named{"modem", 0x0703},
	Named{"communication controller", 0x0780},
	Named{"pic", 0x0800},
	Named{"dma controller", 0x0801},
	Named{"timer", 0x0802},
	Named{"rtc", 0x0803},
	Named{"pci hot-plug controller", 0x0804},
	Named{"sd host controller", 0x0805},
	Named{"iommu", 0x0806},
	Named{"system peripheral", 0x0880},
	Named{"timing card", 0x0899},
	Named{"keyboard controller", 0x0900},
	Named{"input device controller", 0x0980},
	Named{"power pc", 0x0b20},
	Named{"co-processor", 0x0b40},
	Named{"firewire (ieee 1394)", 0x0c00},
	Named{"usb controller", 0x0c03},
	Named{"fibre channel", 0x0c04},
	Named{"smbus", 0x0c05},
	Named{"infiniband", 0x0c06},
	Named{"ipmi interface", 0x0c07},
	Named{"ipmi smic interface", 0x0c07},
	Named{"serial bus controller", 0x0c80},
	Named{"irda controller", 0x0d00},
	Named{"bluetooth", 0x0d11},
	Named{"wireless controller", 0x0d80},
	Named{"i2o", 0x0e00},
	Named{"intelligent controller", 0x0e80},
	Named{"network and computing encryption device", 0x1000},
	Named{"entertainment encryption device", 0x1010},
	Named{"encryption controller", 0x1080},
	Named{"dpio module", 0x1100},
	Named{"performance counters", 0x1101},
	Named{"communication synchronizer", 0x1110},
	Named{"signal processing management", 0x1120},
	Named{"signal processing controller", 0x1180},
	Named{"processing accelerators", 0x1200},
	Named{"snia smart data accelerator interface (sdxi) controller", 0x1201},
	Named{"non-essential instrumentation", 0x1300},
	Named{"coprocessor", 0x4000},
	Named{"unassigned class", 0xff00},
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

static bool isSame(std::string_view text, std::string_view name)
{
	return std::ranges::equal(text, name, {}, lower);
}

static bool startsWith(std::string_view text, std::string_view name)
{
	return isSame(text.substr(0, name.size()), name);
}

std::optional<uint16_t> classByName(std::string_view name)
{
	const auto found = std::ranges::find_if(
		classes, [&](const Named &known) { return isSame(name, known.name); });
	return found == classes.end() ? std::nullopt : std::optional(found->number);
}

constexpr std::array vendors = {
	Named{"intel corporation ", 0x8086},
	Named{"advanced micro devices, inc. [amd] ", 0x1022},
	Named{"advanced micro devices [amd] ", 0x1022},
	Named{"advanced micro devices, inc. [amd/ati] ", 0x1002},
	Named{"advanced micro devices [amd/ati] ", 0x1002},
	Named{"advanced micro devices nee ati ", 0x1002},
	Named{"nvidia corporation ", 0x10de},
	Named{"mellanox technologies ", 0x15b3},
	Named{"broadcom / lsi ", 0x1000},
	Named{"lsi logic / symbios logic ", 0x1000},
	Named{"plx technology, inc. ", 0x10b5},
	Named{"pmc-sierra inc. ", 0x11f8},
	Named{"microsemi / pmc / idt ", 0x111d},
	Named{"samsung electronics co ltd ", 0x144d},
	Named{"google, inc. ", 0x1ae0},
	Named{"asmedia technology inc. ", 0x1b21},
	Named{"aspeed technology, inc. ", 0x1a03},
	Named{"ampere computing, llc ", 0x1def},
	Named{"xilinx corporation ", 0x10ee},
};

struct NamedDevice {
	std::string_view name;
	uint16_t vendor, device;
};

// What pci.ids calls the host bridges that p2pdma.c knows, and the roots of Zen processors.
constexpr std::array hostBridges = {
	NamedDevice{"xeon e5/core i7 dmi2 in pci express mode", 0x8086, 0x3c01},
	NamedDevice{"xeon e5/core i7 dmi2", 0x8086, 0x3c00},
	NamedDevice{"xeon e7 v3/xeon e5 v3/core i7 dmi2", 0x8086, 0x2f00},
	NamedDevice{"xeon e7 v3/xeon e5 v3/core i7 pci express root port 0", 0x8086, 0x2f01},
	NamedDevice{"sky lake-e dmi3 registers", 0x8086, 0x2020},
	NamedDevice{"sky lake-e pci express root port a", 0x8086, 0x2030},
	NamedDevice{"sky lake-e pci express root port b", 0x8086, 0x2031},
	NamedDevice{"sky lake-e pci express root port c", 0x8086, 0x2032},
	NamedDevice{"sky lake-e pci express root port d", 0x8086, 0x2033},
	NamedDevice{"ice lake memory map/vt-d", 0x8086, 0x09a2},
	NamedDevice{"data streaming accelerator (dsa)", 0x8086, 0x0b25},
	NamedDevice{"family 17h (models 00h-0fh) root complex", 0x1022, 0x1450},
	NamedDevice{"raven/raven2 root complex", 0x1022, 0x15d0},
	NamedDevice{"starship/matisse root complex", 0x1022, 0x1480},
	NamedDevice{"renoir/cezanne root complex", 0x1022, 0x1630},
	NamedDevice{"renoir root complex", 0x1022, 0x1630},
	NamedDevice{"family 17h-19h pcie root complex", 0x1022, 0x14b5},
};

static std::optional<uint16_t> deviceOf(std::string_view name, uint16_t vendor)
{
	constexpr std::string_view nameless = "Device ";
	constexpr size_t digits = 4;
	if (name.starts_with(nameless)) {
		const auto number = name.substr(nameless.size(), digits);
		const bool isNumber =
			number.size() == digits && std::ranges::all_of(number, isHexDigit);
		return isNumber ? std::optional(static_cast<uint16_t>(*numberAt(number, 16)))
				: std::nullopt;
	}
	for (const auto &known : hostBridges)
		if (known.vendor == vendor && startsWith(name, known.name))
			return known.device;
	return std::nullopt;
}

Ids idsByName(std::string_view name)
{
	for (const auto &[vendor, number] : vendors)
		if (startsWith(name, vendor))
			return {number, deviceOf(name.substr(vendor.size()), number)};
	return {};
}

}
