// SPDX-License-Identifier: MIT
// The name of a PCI function, always with its domain: 0000:03:00.0.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pci
{

struct Bdf {
	uint32_t domain = 0; // 16 bits; 32 below Intel VMD
	uint8_t bus = 0;
	uint8_t device = 0;   // 0–31
	uint8_t function = 0; // 0–7

	auto operator<=>(const Bdf &) const = default;

	// 'dddd:bb:dd.f', lower case, the domain with four digits or more.
	std::string name() const;
	// Reads 'dddd:bb:dd.f' or 'bb:dd.f' (domain 0); nullopt for anything else.
	static std::optional<Bdf> parse(std::string_view text);
};

}
