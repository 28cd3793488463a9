// SPDX-License-Identifier: MIT
// The picture that lspci -t draws: which bus stands below which bridge, and which buses are roots.
#pragma once

#include "paper/record.h"

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace paper
{

using Bus = std::pair<uint32_t, uint8_t>; // domain and number

class Tree
{
public:
	// Takes one line of the picture as it stands; false where it is none.
	bool read(std::string_view drawn);
	// What comes next is no part of the picture.
	void end() { columns_.clear(); }

	std::set<Bus> roots;
	std::map<Bus, pci::Bdf> bridges; // that lead to a bus
	Records functions;

private:
	struct Place {
		Bus bus;
		std::optional<pci::Bdf> bridge; // whose bus comes next
		bool isRoot = true;             // a root bus comes next
	};

	bool readFrom(std::string_view line, size_t at, Place place);
	bool readBus(std::string_view bracket, Place &place);
	void readDevice(std::string_view text, Place &place);

	std::map<size_t, Place> columns_; // where a + stood, and what goes on below it
};

}
