// SPDX-License-Identifier: MIT
// Numbers for the names that lspci prints where it was not asked for numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace paper
{

// Base class and subclass, 0xBBSS; nullopt for a name that is not known.
std::optional<uint16_t> classByName(std::string_view name);

struct Ids {
	std::optional<uint16_t> vendor, device;
};

// 'Intel Corporation Sky Lake-E DMI3 Registers', 'NVIDIA Corporation Device 2331': the vendors of
// switches and processors, and the devices whose number stands there or decides what the kernel
// trusts.
Ids idsByName(std::string_view name);

}
