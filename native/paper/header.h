// SPDX-License-Identifier: MIT
// The first line of a function in lspci's output: '03:00.0 PCI bridge [0604]: … [8086:2030] (rev
// 02)'.
#pragma once

#include "paper/record.h"

#include <string_view>

namespace paper
{

// The function that a line starts with; nullopt where it is no such line.
std::optional<pci::Bdf> headerOf(std::string_view line);

// What the rest of the line says: class, ids, revision. Fields that it leaves out stay.
void readHeader(std::string_view line, Record &record);

// 0xCCSS for lspci's name of a class; nullopt for one that is not known.
std::optional<uint16_t> classByName(std::string_view name);

}
