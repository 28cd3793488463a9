// SPDX-License-Identifier: MIT
// A function's ACS registers, as far as they could be read.
#pragma once

#include "pci/config.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pci
{

struct Acs {
	Seen seen = Seen::unknown; // no: there is no capability, and so nothing redirects
	uint16_t offset = 0;
	uint16_t capability = 0; // PCI_ACS_CAP
	uint16_t control = 0;    // PCI_ACS_CTRL

	bool has(uint16_t bits) const { return (control & bits) != 0; }
};

Acs readAcs(const Config &config);

// 'sv', 'tb', 'rr', 'cr', 'uf', 'ec', 'dt' for the PCI_ACS_* bits that are set.
std::vector<std::string> acsNames(uint16_t bits);
// The PCI_ACS_* bit of such a name; 0 for any other word.
uint16_t acsBit(const std::string &name);

// The egress control vector's bit for a port or function of that number: true stops requests to
// it. nullopt where it could not be read.
std::optional<bool> stopsEgress(const Config &config, const Acs &acs, unsigned number);

}
