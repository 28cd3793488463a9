// SPDX-License-Identifier: MIT
#include "sys/crc32c.h"

#include <array>
#include <cstring>

#ifdef __x86_64__
#include <nmmintrin.h>
#endif

namespace sys
{

static constexpr uint32_t polynomial = 0x82f63b78; // reflected

static std::array<uint32_t, 256> makeTable()
{
	std::array<uint32_t, 256> table{};
	for (uint32_t i = 0; i < table.size(); i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? polynomial : 0);
	}
	return table;
}

static uint32_t byTable(std::span<const std::byte> bytes, uint32_t sum)
{
	static const auto table = makeTable();
	for (const auto byte : bytes)
		sum = sum >> 8 ^ table[(sum ^ static_cast<uint32_t>(byte)) & 0xff];
	return sum;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t byInstruction(std::span<const std::byte> bytes,
								uint64_t sum)
{
	size_t i = 0;
	for (; i + 8 <= bytes.size(); i += 8) {
		uint64_t word;
		std::memcpy(&word, bytes.data() + i, sizeof word);
		sum = _mm_crc32_u64(sum, word);
	}
	auto rest = static_cast<uint32_t>(sum);
	for (; i < bytes.size(); i++)
		rest = _mm_crc32_u8(rest, static_cast<uint8_t>(bytes[i]));
	return rest;
}
#endif

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t before)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~byInstruction(bytes, ~before);
#endif
	return ~byTable(bytes, ~before);
}

}
