// SPDX-License-Identifier: MIT
// What a text says of one function, in one or several places, until it becomes a pci::Function.
#pragma once

#include "pci/machine.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paper
{

// A capability as the text lists it: in the order of the chain.
struct Heading {
	uint16_t offset = 0;
	uint16_t id = 0;
};

struct Record {
	pci::Function function;
	std::string hex;                   // registers as -x shows them, from offset 0 on
	std::map<size_t, uint16_t> words;  // registers that the text tells, two bytes each
	std::vector<Heading> capabilities; // below 0x100
	std::vector<Heading> extended;
	std::map<size_t, int> acsSeen; // ACS registers whose row of flags was seen to its end
	bool isDenied = false;         // 'Capabilities: <access denied>'
	bool isVerbose = false;        // -v or more: what is not listed does not exist
	bool hasBars = false;          // the text would show BARs if there were any
	bool hasClass = false, hasIds = false;
	std::optional<uint8_t> secondary, subordinate;

	void setWord(size_t offset, unsigned value)
	{
		words[offset] = static_cast<uint16_t>(value);
	}
};

using Records = std::map<pci::Bdf, Record>;

// Puts registers together: hexadecimal where there is some, the text's words where there is none.
// seesExtended: the text shows extended capabilities of some function, so that it would have shown
// this one's.
void buildConfig(Record &record, bool seesExtended);

}
