// SPDX-License-Identifier: MIT
#include "sys/crc32c.h"

#include <array>
#include <cstring>

#ifdef __x86_64__
#include <nmmintrin.h>
#include <wmmintrin.h>
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
// The instruction takes eight bytes a cycle but gives its sum three cycles later, so that one
// stream of bytes is summed at a third of what three are.
static constexpr size_t longStretch = 1024, shortStretch = 128;

// x to the power of e, modulo the polynomial, reflected.
static constexpr uint32_t powerOfX(size_t e)
{
	uint32_t power = 0x80000000;
	for (size_t i = 0; i < e; i++)
		power = power >> 1 ^ (power & 1 ? polynomial : 0);
	return power;
}

static uint64_t wordAt(const std::byte *at)
{
	uint64_t word;
	std::memcpy(&word, at, sizeof word);
	return word;
}

// The sum as it is once so many zero bytes have followed: multiplied by x^(8 * Bytes). The
// carry-less product of two reflected numbers is one power too low, the instruction raises it
// by 32.
template <size_t Bytes>
__attribute__((target("sse4.2,pclmul"))) static uint64_t followed(uint64_t sum)
{
	constexpr uint64_t factor = powerOfX(8 * Bytes - 33);
	const auto product = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<int64_t>(sum)),
						  _mm_cvtsi64_si128(factor), 0);
	return _mm_crc32_u64(0, static_cast<uint64_t>(_mm_cvtsi128_si64(product)));
}

// Sums as many times three stretches as there are, side by side; at: where they end.
template <size_t Stretch>
__attribute__((target("sse4.2,pclmul"))) static uint64_t
byThrees(const std::byte *&at, const std::byte *end, uint64_t sum)
{
	while (static_cast<size_t>(end - at) >= 3 * Stretch) {
		uint64_t second = 0, third = 0;
		for (const auto *stop = at + Stretch; at != stop; at += 8) {
			sum = _mm_crc32_u64(sum, wordAt(at));
			second = _mm_crc32_u64(second, wordAt(at + Stretch));
			third = _mm_crc32_u64(third, wordAt(at + 2 * Stretch));
		}
		sum = followed<Stretch>(followed<Stretch>(sum) ^ second) ^ third;
		at += 2 * Stretch;
	}
	return sum;
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t
byInstruction(std::span<const std::byte> bytes, uint64_t sum)
{
	const auto *at = bytes.data();
	const auto *end = at + bytes.size();
	sum = byThrees<longStretch>(at, end, sum);
	sum = byThrees<shortStretch>(at, end, sum);
	for (; end - at >= 8; at += 8)
		sum = _mm_crc32_u64(sum, wordAt(at));
	auto rest = static_cast<uint32_t>(sum);
	for (; at != end; at++)
		rest = _mm_crc32_u8(rest, static_cast<uint8_t>(*at));
	return rest;
}
#endif

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t before)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"))
		return ~byInstruction(bytes, ~before);
#endif
	return ~byTable(bytes, ~before);
}

}
