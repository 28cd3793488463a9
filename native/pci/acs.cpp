// SPDX-License-Identifier: MIT
#include "pci/acs.h"

#include <array>
#include <linux/pci_regs.h>

namespace pci
{

struct AcsBit {
	uint16_t bit;
	const char *name;
};

constexpr std::array acsBits = {
	AcsBit{PCI_ACS_SV, "sv"}, AcsBit{PCI_ACS_TB, "tb"}, AcsBit{PCI_ACS_RR, "rr"},
	AcsBit{PCI_ACS_CR, "cr"}, AcsBit{PCI_ACS_UF, "uf"}, AcsBit{PCI_ACS_EC, "ec"},
	AcsBit{PCI_ACS_DT, "dt"},
};

Acs readAcs(const Config &config)
{
	const auto found = config.extended(PCI_EXT_CAP_ID_ACS);
	if (found.seen != Seen::yes)
		return {.seen = found.seen};

	const auto capability = config.u16(found.offset + PCI_ACS_CAP);
	const auto control = config.u16(found.offset + PCI_ACS_CTRL);
	if (!capability || !control)
		return {.seen = Seen::unknown};
	return {Seen::yes, found.offset, *capability, *control};
}

std::vector<std::string> acsNames(uint16_t bits)
{
	std::vector<std::string> names;
	for (const auto &[bit, name] : acsBits)
		if (bits & bit)
			names.push_back(name);
	return names;
}

uint16_t acsBit(const std::string &name)
{
	for (const auto &[bit, known] : acsBits)
		if (name == known)
			return bit;
	return 0;
}

std::optional<bool> stopsEgress(const Config &config, const Acs &acs, unsigned number)
{
	const unsigned coded = acs.capability >> 8;
	const unsigned size = coded == 0 ? 256 : coded;
	if (number >= size)
		return false;
	const auto word = config.u32(acs.offset + PCI_ACS_EGRESS_CTL_V + number / 32 * 4);
	if (!word)
		return std::nullopt;
	return (*word >> number % 32 & 1) != 0;
}

}
