// SPDX-License-Identifier: MIT
// The first line of a function in lspci's output: '03:00.0 PCI bridge [0604]: … [8086:2030] (rev
// 02)', and the same in the quotation marks of -mm.
#pragma once

#include "paper/record.h"

#include <string_view>

namespace paper
{

// The function that a line starts with, if a class stands behind it.
std::optional<pci::Bdf> headerOf(std::string_view line);

// What the rest of the line says: class, ids, revision.
void readHeader(std::string_view line, Record &record);

// May be the end of a header that a mail broke in two.
bool endsHeader(std::string_view line);

// '… [8086:2030]', '8086:2030', or a name that is known.
void readIds(std::string_view text, std::optional<uint16_t> &vendor,
	     std::optional<uint16_t> &device);

// '0604', 'Class 0604', 'PCI bridge [0604]', 'PCI bridge'.
std::optional<uint16_t> readClass(std::string_view text);

}
