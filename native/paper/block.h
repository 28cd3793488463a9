// SPDX-License-Identifier: MIT
// A function in one place of the text, from its first line on, while it is being read.
#pragma once

#include "paper/record.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

namespace paper
{

struct Block {
	pci::Bdf bdf;
	size_t indent = 0; // of its first line
	Record record;
	Heading at;                  // the capability that lines belong to
	int nextBar = 0;             // -v shows no numbers
	bool hasNoList = false;      // Status says that there are no capabilities
	bool sawKernel = false;      // stands behind all capabilities
	bool isCut = false;          // lines are missing in the midst
	bool isFlat = false;         // all lines begin in the margin
	bool isKeyed = false;        // -vmm: a key and a value in each line
	bool isMaster = false;       // of -v
	std::optional<bool> decodes; // of -v: memory

	List &list() { return at.offset < 0x100 ? record.standard : record.extended; }
	// A register of the capability that lines belong to.
	void set(size_t offset, uint8_t size, uint32_t value)
	{
		list().set(at.offset + offset, size, value);
	}
};

// How an item starts, and who reads it; an item is a line with all that a mail has broken off it.
struct Keyword {
	std::string_view start;
	void (*read)(Block &block, std::string_view item);
};

inline const Keyword *find(std::span<const Keyword> keywords, std::string_view line)
{
	const auto found = std::ranges::find_if(
		keywords, [&](const Keyword &known) { return line.starts_with(known.start); });
	return found == keywords.end() ? nullptr : &*found;
}

struct Flag {
	std::string_view name;
	unsigned bit;
};

// The bits of those that are set, 'Name+'.
unsigned bitsOf(std::string_view item, std::span<const Flag> flags);

// nullptr where a line starts no item.
const Keyword *fieldOf(std::string_view line);
const Keyword *capabilityOf(std::string_view line);
const Keyword *keyOf(std::string_view line); // of -vmm

// At the end of it: what can be told now that all lines were seen. isEnded: nothing is missing
// there.
void closeBlock(Block &block, bool isEnded);

}
