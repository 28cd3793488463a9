// SPDX-License-Identifier: MIT
// Sums of known bytes (RFC 3720, B.4), of all lengths and alignments beside a sum made bit by bit,
// and of pieces beside the whole. With the word "speed": bytes per second, beside memcpy's.

#include "sys/crc32c.h"
#include "sys/clock.h"

#include <cstdio>
#include <cstring>
#include <vector>

using Bytes = std::span<const std::byte>;

static uint32_t bitByBit(Bytes bytes)
{
	uint32_t sum = ~0u;
	for (const auto byte : bytes) {
		sum ^= static_cast<uint32_t>(byte);
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78 : 0);
	}
	return ~sum;
}

static unsigned wrongVectors()
{
	std::vector<std::byte> bytes(32);
	unsigned wrong = sys::crc32c(bytes) != 0x8a9136aa;

	std::memset(bytes.data(), 0xff, bytes.size());
	wrong += sys::crc32c(bytes) != 0x62a8ab43;
	for (size_t i = 0; i < bytes.size(); i++)
		bytes[i] = static_cast<std::byte>(i);
	wrong += sys::crc32c(bytes) != 0x46dd794e;
	for (size_t i = 0; i < bytes.size(); i++)
		bytes[i] = static_cast<std::byte>(31 - i);
	wrong += sys::crc32c(bytes) != 0x113fdb5c;
	wrong += sys::crc32c(std::as_bytes(std::span("123456789", 9))) != 0xe3069283;
	return wrong;
}

static unsigned wrongLengths(Bytes bytes)
{
	unsigned wrong = 0;
	for (size_t start = 0; start < 9; start++)
		for (size_t length = 0; start + length <= bytes.size();
		     length += length < 900 ? 1 : 331) {
			const auto some = bytes.subspan(start, length);
			wrong += sys::crc32c(some) != bitByBit(some);
			const auto head = sys::crc32c(some.first(length / 3));
			wrong += sys::crc32c(some.subspan(length / 3), head) != sys::crc32c(some);
		}
	return wrong;
}

template <class Work> static double gigabytesPerSecond(size_t bytes, const Work &work)
{
	constexpr int rounds = 200;
	work();
	const uint64_t start = sys::threadTime();
	for (int i = 0; i < rounds; i++)
		work();
	return static_cast<double>(bytes) * rounds / static_cast<double>(sys::threadTime() - start);
}

static void showSpeed()
{
	for (const size_t size : {size_t{4} << 10, size_t{1} << 20, size_t{32} << 20}) {
		std::vector<std::byte> from(size), to(size);
		uint32_t sum = 0;
		const double summed =
			gigabytesPerSecond(size, [&] { sum = sys::crc32c(from, sum); });
		const double copied = gigabytesPerSecond(size, [&] {
			std::memcpy(to.data(), from.data(), size);
			__asm__ volatile("" : : "r"(to.data()) : "memory");
		});
		printf("%zu KiB: CRC-32C %.1f GB/s, memcpy %.1f GB/s (%08x)\n", size >> 10, summed,
		       copied, sum);
	}
}

int main(int count, char **words)
{
	std::vector<std::byte> bytes(9000);
	uint32_t state = 1;
	for (auto &byte : bytes)
		byte = static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24);

	const unsigned wrong = wrongVectors() + wrongLengths(bytes);
	printf("%u wrong\n", wrong);
	if (count > 1 && std::strcmp(words[1], "speed") == 0)
		showSpeed();
	return wrong > 0;
}
