// SPDX-License-Identifier: MIT
// The picture that lspci -t draws: which bus stands below which bridge, and which buses are roots.
#pragma once

#include "paper/record.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace paper
{

using Bus = std::pair<uint32_t, uint8_t>; // domain and number

class Tree
{
public:
	// Takes one line of the picture; false where it is none.
	bool read(std::string_view line);

	// Adds what the picture shows to the records.
	void complete(Records &records) const;

	std::set<Bus> roots;

private:
	struct Below {
		uint8_t secondary, subordinate;
	};
	struct Place {
		Bus bus;
		bool isRoot = true; // what comes next is a root bus
	};

	void readFrom(std::string_view line, size_t at, Place place);

	std::map<size_t, Place> columns_; // where a + stood, and the bus that goes on below it
	std::map<pci::Bdf, Below> bridges_;
	std::set<pci::Bdf> functions_;
};

}
