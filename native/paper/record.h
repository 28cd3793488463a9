// SPDX-License-Identifier: MIT
// What a text says of one function, in one place or several, until it becomes a pci::Function.
#pragma once

#include "pci/machine.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paper
{

// A piece of configuration space that the text puts into words.
struct Register {
	uint16_t offset;
	uint8_t size; // bytes
	uint32_t value;
};

// A capability as the text lists it; offset 0 is none.
struct Heading {
	uint16_t offset = 0;
	uint16_t id = 0;
	uint8_t version = 1;
};

// One of a function's two lists of capabilities, as far as it was printed.
struct List {
	std::vector<Heading> headings;
	std::vector<Register> registers;
	bool isWhole = false;    // nothing can follow
	bool hasDetails = false; // more than names

	void set(size_t offset, uint8_t size, uint32_t value)
	{
		registers.push_back({static_cast<uint16_t>(offset), size, value});
	}
};

// The first 64 bytes of configuration space, as far as they were told.
struct Header {
	std::array<uint8_t, 64> bytes{};
	uint64_t known = 0; // a bit for each byte

	void set(size_t offset, size_t size, uint64_t value)
	{
		for (size_t i = offset; i < offset + size; i++, value >>= 8) {
			bytes[i] = static_cast<uint8_t>(value);
			known |= uint64_t{1} << i;
		}
	}
	bool has(size_t offset) const { return (known >> offset & 1) != 0; }
};

// How much of a function one place shows: its name, what -v prints, or all.
enum class Detail { name, some, all };

struct Record {
	Detail detail = Detail::name;
	std::optional<uint16_t> vendor, device, subVendor, subDevice;
	std::optional<uint16_t> classCode; // base class and subclass
	std::optional<uint8_t> interface, revision;
	std::string driver;
	std::optional<int> iommuGroup, numaNode;
	Header header;
	List standard, extended;
	std::vector<pci::Bar> bars;
	bool hasBarNumbers = false;
	bool isDenied = false;      // there is a list, but nobody was let in
	bool isGone = false;        // it did not answer
	bool lacksExtended = false; // all was shown, where others' extended capabilities were
	pci::Config hex;            // what -x shows
	size_t rows = 0;            // of hex
};

using Records = std::map<pci::Bdf, Record>;

// The same function stood in two places: field by field what the place with more detail says, the
// later of two with the same.
void merge(Record &into, Record &&from);

}
