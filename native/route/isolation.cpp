// SPDX-License-Identifier: MIT
#include "route/isolation.h"

#include "pci/function.h"

#include <algorithm>
#include <array>
#include <linux/pci_regs.h>

namespace route
{

constexpr uint16_t isolatingBits = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF;

// Of the header type register: the device has several functions.
constexpr uint8_t multifunctionBit = 0x80;

enum class Rule {
	always, // whatever its registers say
	never,
	rootPort,     // where it is a root port; else the registers
	port,         // where it is a root or downstream port; else the registers
	unlistedPort, // a port that no row before named is not
	integrated,   // where it is integrated in the root complex; else the registers
	southbridge,  // AMD's, on the root bus, with an IOMMU by AMD
	sunrisePoint  // a root port with its control register four bytes behind the capability
};

struct Exception {
	uint16_t vendor, first, last;
	Rule rule;
};

// In the order of the kernel's table: the first row that applies decides.
constexpr std::array exceptions = {
	// AMD south bridges
	Exception{0x1002, 0x4383, 0x4385, Rule::southbridge},
	Exception{0x1002, 0x4399, 0x4399, Rule::southbridge},
	Exception{0x1002, 0x439c, 0x439d, Rule::southbridge},
	Exception{0x1022, 0x7809, 0x7809, Rule::southbridge},
	Exception{0x1022, 0x780f, 0x780f, Rule::southbridge},
	// Solarflare
	Exception{0x1924, 0x0903, 0x0903, Rule::always},
	Exception{0x1924, 0x0923, 0x0923, Rule::always},
	Exception{0x1924, 0x0a03, 0x0a03, Rule::always},
	// Intel network functions
	Exception{0x8086, 0x105e, 0x1060, Rule::always},
	Exception{0x8086, 0x10a7, 0x10a7, Rule::always},
	Exception{0x8086, 0x10a9, 0x10a9, Rule::always},
	Exception{0x8086, 0x10c6, 0x10c6, Rule::always},
	Exception{0x8086, 0x10c9, 0x10c9, Rule::always},
	Exception{0x8086, 0x10d6, 0x10d6, Rule::always},
	Exception{0x8086, 0x10d9, 0x10d9, Rule::always},
	Exception{0x8086, 0x10db, 0x10db, Rule::always},
	Exception{0x8086, 0x10dd, 0x10dd, Rule::always},
	Exception{0x8086, 0x10e1, 0x10e1, Rule::always},
	Exception{0x8086, 0x10e6, 0x10e8, Rule::always},
	Exception{0x8086, 0x10f1, 0x10f1, Rule::always},
	Exception{0x8086, 0x10f7, 0x10fc, Rule::always},
	Exception{0x8086, 0x1507, 0x1507, Rule::always},
	Exception{0x8086, 0x1509, 0x150a, Rule::always},
	Exception{0x8086, 0x150d, 0x1511, Rule::always},
	Exception{0x8086, 0x1514, 0x1514, Rule::always},
	Exception{0x8086, 0x1516, 0x1516, Rule::always},
	Exception{0x8086, 0x1518, 0x1518, Rule::always},
	Exception{0x8086, 0x151c, 0x151c, Rule::always},
	Exception{0x8086, 0x1521, 0x1524, Rule::always},
	Exception{0x8086, 0x1526, 0x1527, Rule::always},
	Exception{0x8086, 0x1529, 0x152a, Rule::always},
	Exception{0x8086, 0x154d, 0x154d, Rule::always},
	Exception{0x8086, 0x154f, 0x154f, Rule::always},
	Exception{0x8086, 0x1551, 0x1551, Rule::always},
	Exception{0x8086, 0x1558, 0x1558, Rule::always},
	Exception{0x8086, 0x15b7, 0x15b8, Rule::always},
	Exception{0x8086, 0x0000, 0xffff, Rule::integrated},
	// Qualcomm and HXT root ports
	Exception{0x17cb, 0x0111, 0x0111, Rule::always},
	Exception{0x17cb, 0x0115, 0x0115, Rule::always},
	Exception{0x17cb, 0x0120, 0x0120, Rule::always},
	Exception{0x17cb, 0x0400, 0x0401, Rule::always},
	Exception{0x1dbf, 0x0401, 0x0401, Rule::always},
	// Intel PCH root ports, whose isolation the kernel turns on behind their backs
	Exception{0x8086, 0x1c10, 0x1c1f, Rule::rootPort},
	Exception{0x8086, 0x1d10, 0x1d10, Rule::rootPort},
	Exception{0x8086, 0x1d12, 0x1d12, Rule::rootPort},
	Exception{0x8086, 0x1d14, 0x1d14, Rule::rootPort},
	Exception{0x8086, 0x1d16, 0x1d16, Rule::rootPort},
	Exception{0x8086, 0x1d18, 0x1d18, Rule::rootPort},
	Exception{0x8086, 0x1d1a, 0x1d1a, Rule::rootPort},
	Exception{0x8086, 0x1d1c, 0x1d1c, Rule::rootPort},
	Exception{0x8086, 0x1d1e, 0x1d1e, Rule::rootPort},
	Exception{0x8086, 0x1e10, 0x1e1f, Rule::rootPort},
	Exception{0x8086, 0x3b42, 0x3b51, Rule::rootPort},
	Exception{0x8086, 0x8c10, 0x8c1f, Rule::rootPort},
	Exception{0x8086, 0x8c90, 0x8c90, Rule::rootPort},
	Exception{0x8086, 0x8c92, 0x8c92, Rule::rootPort},
	Exception{0x8086, 0x8c94, 0x8c94, Rule::rootPort},
	Exception{0x8086, 0x8c96, 0x8c96, Rule::rootPort},
	Exception{0x8086, 0x8c98, 0x8c98, Rule::rootPort},
	Exception{0x8086, 0x8c9a, 0x8c9a, Rule::rootPort},
	Exception{0x8086, 0x8c9c, 0x8c9c, Rule::rootPort},
	Exception{0x8086, 0x8c9e, 0x8c9e, Rule::rootPort},
	Exception{0x8086, 0x8d10, 0x8d1e, Rule::rootPort},
	Exception{0x8086, 0x9c10, 0x9c1b, Rule::rootPort},
	Exception{0x8086, 0x9c90, 0x9c9b, Rule::rootPort},
	// Intel Sunrise Point and Union Point root ports
	Exception{0x8086, 0x9d10, 0x9d1b, Rule::sunrisePoint},
	Exception{0x8086, 0xa110, 0xa11f, Rule::sunrisePoint},
	Exception{0x8086, 0xa167, 0xa16a, Rule::sunrisePoint},
	Exception{0x8086, 0xa290, 0xa29f, Rule::sunrisePoint},
	Exception{0x8086, 0xa2e7, 0xa2ee, Rule::sunrisePoint},
	// Emulex
	Exception{0x19a2, 0x0710, 0x0710, Rule::always},
	Exception{0x10df, 0x0720, 0x0720, Rule::always},
	// Cavium
	Exception{0x177d, 0xa000, 0xa7ff, Rule::rootPort},
	Exception{0x177d, 0xaf84, 0xaf84, Rule::rootPort},
	Exception{0x177d, 0xb884, 0xb884, Rule::rootPort},
	Exception{0x177d, 0xa026, 0xa026, Rule::always},
	Exception{0x177d, 0xa059, 0xa060, Rule::always},
	// X-Gene, Ampere
	Exception{0x10e8, 0xe004, 0xe004, Rule::always},
	Exception{0x1def, 0xe005, 0xe00c, Rule::always},
	// Broadcom
	Exception{0x14e4, 0x16d7, 0x16d7, Rule::always},
	Exception{0x14e4, 0x1750, 0x1752, Rule::always},
	Exception{0x14e4, 0x1760, 0x1763, Rule::always},
	Exception{0x14e4, 0xd714, 0xd714, Rule::always},
	// Loongson
	Exception{0x0014, 0x3c09, 0x3c09, Rule::always},
	Exception{0x0014, 0x3c19, 0x3c19, Rule::always},
	Exception{0x0014, 0x3c29, 0x3c29, Rule::always},
	Exception{0x0014, 0x7a09, 0x7a09, Rule::always},
	Exception{0x0014, 0x7a19, 0x7a19, Rule::always},
	Exception{0x0014, 0x7a29, 0x7a29, Rule::always},
	Exception{0x0014, 0x7a39, 0x7a39, Rule::always},
	Exception{0x0014, 0x7a49, 0x7a49, Rule::always},
	Exception{0x0014, 0x7a59, 0x7a59, Rule::always},
	Exception{0x0014, 0x7a69, 0x7a69, Rule::always},
	// Amazon
	Exception{0x1c36, 0x0031, 0x0031, Rule::rootPort},
	// Zhaoxin
	Exception{0x1d17, 0x3038, 0x3038, Rule::always},
	Exception{0x1d17, 0x3104, 0x3104, Rule::always},
	Exception{0x1d17, 0x9083, 0x9083, Rule::always},
	Exception{0x1d17, 0x0710, 0x071e, Rule::port},
	Exception{0x1d17, 0x0721, 0x0721, Rule::port},
	Exception{0x1d17, 0x0723, 0x0752, Rule::port},
	Exception{0x1d17, 0x0000, 0xffff, Rule::unlistedPort},
	// NXP root ports
	Exception{0x1957, 0x8d80, 0x8d83, Rule::always},
	Exception{0x1957, 0x8d88, 0x8d8b, Rule::always},
	Exception{0x1957, 0x8d90, 0x8d93, Rule::always},
	Exception{0x1957, 0x8d98, 0x8d9b, Rule::always},
	Exception{0x1957, 0x8da0, 0x8da1, Rule::always},
	Exception{0x1957, 0x8da8, 0x8da9, Rule::always},
	Exception{0x1957, 0x8db0, 0x8db1, Rule::always},
	Exception{0x1957, 0x8db8, 0x8db9, Rule::always},
	// Wangxun
	Exception{0x8088, 0x0100, 0x010f, Rule::always},
	Exception{0x8088, 0x1001, 0x1001, Rule::always},
	Exception{0x8088, 0x2001, 0x2001, Rule::always},
	Exception{0x8088, 0x5010, 0x5010, Rule::always},
	Exception{0x8088, 0x5025, 0x5025, Rule::always},
	Exception{0x8088, 0x5040, 0x5040, Rule::always},
	Exception{0x8088, 0x5110, 0x5110, Rule::always},
	Exception{0x8088, 0x5125, 0x5125, Rule::always},
	Exception{0x8088, 0x5140, 0x5140, Rule::always},
	Exception{0x8088, 0x0000, 0xffff, Rule::never},
};

bool isMultifunction(const pci::Machine &machine, const pci::Function &function)
{
	if (function.physfn)
		return false;
	const auto header = function.config.u8(PCI_HEADER_TYPE);
	if (function.bdf.function > 0 || (header && *header & multifunctionBit))
		return true;
	pci::Bdf next = function.bdf;
	for (next.function = 1; next.function < 8; next.function++)
		if (const auto *other = machine.lookUp(next); other && !other->physfn)
			return true;
	return false;
}

// What the capability lacks counts as wired in.
static bool holds(uint32_t capability, uint32_t control)
{
	const uint32_t wanted = isolatingBits & capability;
	return (control & wanted) == wanted;
}

static std::optional<bool> byRegisters(const pci::Acs &acs)
{
	if (acs.seen == pci::Seen::unknown)
		return std::nullopt;
	return acs.seen == pci::Seen::yes && holds(acs.capability, acs.control);
}

static std::optional<bool> bySunrisePoint(const pci::Function &port)
{
	const auto capability = port.config.u32(port.acs.offset + size_t{PCI_ACS_CAP});
	const auto control = port.config.u32(port.acs.offset + size_t{PCI_ACS_CAP + 4});
	if (port.acs.seen != pci::Seen::yes)
		return byRegisters(port.acs);
	return capability && control ? std::optional(holds(*capability, *control)) : std::nullopt;
}

static bool isPort(int type)
{
	return type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM;
}

static bool applies(Rule rule, const pci::Machine &machine, const pci::Function &function, int type)
{
	switch (rule) {
	case Rule::always:
	case Rule::never:
		return true;
	case Rule::rootPort:
	case Rule::sunrisePoint:
		return type == PCI_EXP_TYPE_ROOT_PORT;
	case Rule::port:
	case Rule::unlistedPort:
		return isPort(type);
	case Rule::integrated:
		return type == PCI_EXP_TYPE_RC_END;
	case Rule::southbridge:
		return !function.parent && machine.cpuVendor == "AuthenticAMD" &&
		       isMultifunction(machine, function);
	}
	return false;
}

static const Exception *exceptionFor(const pci::Machine &machine, const pci::Function &function,
				     int type)
{
	const auto found = std::ranges::find_if(exceptions, [&](const Exception &e) {
		return e.vendor == function.vendor && e.first <= function.device &&
		       function.device <= e.last && applies(e.rule, machine, function, type);
	});
	return found == exceptions.end() ? nullptr : &*found;
}

static std::optional<bool> byType(const pci::Machine &machine, const pci::Function &function,
				  int type)
{
	switch (type) {
	case PCI_EXP_TYPE_PCI_BRIDGE:
	case PCI_EXP_TYPE_PCIE_BRIDGE:
	case PCI_EXP_TYPE_RC_EC:
		return false;
	case PCI_EXP_TYPE_ROOT_PORT:
	case PCI_EXP_TYPE_DOWNSTREAM:
		return byRegisters(function.acs);
	default:
		return isMultifunction(machine, function) ? byRegisters(function.acs) : true;
	}
}

bool hasShiftedAcs(const pci::Function &function)
{
	return pci::expressType(function) == PCI_EXP_TYPE_ROOT_PORT &&
	       std::ranges::any_of(exceptions, [&](const Exception &e) {
		       return e.rule == Rule::sunrisePoint && e.vendor == function.vendor &&
			      e.first <= function.device && function.device <= e.last;
	       });
}

std::optional<bool> isIsolated(const pci::Machine &machine, const pci::Function &function)
{
	constexpr int conventional = -1;
	const int type = pci::expressType(function).value_or(conventional);
	const bool isTypeKnown =
		function.config.capability(PCI_CAP_ID_EXP).seen != pci::Seen::unknown;

	if (const auto *exception = exceptionFor(machine, function, type)) {
		if (exception->rule == Rule::sunrisePoint)
			return bySunrisePoint(function);
		return exception->rule != Rule::never && exception->rule != Rule::unlistedPort;
	}
	if (type != conventional)
		return byType(machine, function, type);
	return isTypeKnown ? std::optional(false) : std::nullopt;
}

}
