// SPDX-License-Identifier: MIT
// lspci's names of capabilities, as the identifiers of linux/pci_regs.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace paper
{

// A name that is not known gets an identifier that nothing has, so that its place in the chain
// stays.
uint16_t capabilityByName(std::string_view name);
uint16_t extendedByName(std::string_view name);

// The flags register of 'Express (v2) Root Port (Slot+), IntMsgNum 0'; nullopt for a type that is
// not known.
std::optional<uint16_t> expressFlags(std::string_view name);

}
