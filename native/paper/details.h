// SPDX-License-Identifier: MIT
// The lines below a function's first one: registers in words, capabilities, driver, group.
#pragma once

#include "paper/record.h"

#include <string_view>

namespace paper
{

class Details
{
public:
	explicit Details(Record &record) : record_(&record) {}

	// Takes one line; false where it means nothing here.
	bool read(std::string_view line);

private:
	bool readCapability(std::string_view line);
	bool readHeading(std::string_view line);
	bool readRegion(std::string_view line);
	bool readWindow(std::string_view line);
	bool readFlags(std::string_view line);
	bool readKernel(std::string_view line);
	bool readExpress(std::string_view line);
	bool readAcs(std::string_view line);
	bool readVirtualFunctions(std::string_view line);

	Record *record_;
	Heading at_;      // the capability that detail lines belong to
	int nextBar_ = 0; // -v shows no numbers
	bool isInDevCtl_ = false;
	size_t acsWord_ = 0; // the ACS register whose flags may go on in the next line
};

}
