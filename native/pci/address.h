// SPDX-License-Identifier: MIT
// Two kinds of address that look alike and must never be mixed: the compiler keeps them apart.
#pragma once

#include <cstdint>

namespace pci
{

// What a BAR decodes on the PCI bus: the raw value of its register, flags masked.
enum class BusAddress : uint64_t {};
// What a function may emit; the IOMMU translates it.
enum class Iova : uint64_t {};

constexpr uint64_t number(BusAddress address)
{
	return static_cast<uint64_t>(address);
}
constexpr uint64_t number(Iova address)
{
	return static_cast<uint64_t>(address);
}
constexpr Iova operator+(Iova address, uint64_t offset)
{
	return Iova{number(address) + offset};
}

}
