// SPDX-License-Identifier: MIT
// What it costs the CPU to carry blocks from host memory into a BAR: the half of a bounce that a
// disk does not do. carry RESOURCE SIZE [shift]: the block's size in bytes; nanoseconds of CPU time
// a block by memcpy and by words of eight bytes. shift: pages between the two, modulo 4 MiB.

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/view.h"
#include "sys/words.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <vector>

static constexpr size_t area = 8 << 20;
static constexpr int rounds = 7;

template <class Copy> static double medianPerBlock(size_t size, const Copy &copy)
{
	std::vector<uint64_t> times;
	for (int round = 0; round < rounds; round++) {
		const uint64_t start = sys::threadTime();
		for (size_t at = 0; at + size <= area; at += size)
			copy(at);
		times.push_back(sys::threadTime() - start);
	}
	std::sort(times.begin(), times.end());
	return static_cast<double>(times[rounds / 2]) / static_cast<double>(area / size);
}

int main(int count, char **words)
{
	if (count < 3)
		return 2;
	const size_t size = std::strtoul(words[2], nullptr, 0);
	const auto file = sys::Fd::open(words[1], O_RDWR);
	const auto bar = sys::View::ofFile(file, 0, area);
	const auto host = sys::View::ofMemory(area + (4 << 20));
	size_t skip = 0;
	if (count > 3) {
		const auto apart = reinterpret_cast<uintptr_t>(bar.data()) -
				   reinterpret_cast<uintptr_t>(host.data());
		skip = (apart + std::strtoul(words[3], nullptr, 0) * 4096) % (4 << 20);
	}
	auto *from = host.data() + skip;

	const double copied = medianPerBlock(
		size, [&](size_t at) { std::memcpy(bar.data() + at, from + at, size); });
	const double stored = medianPerBlock(
		size, [&](size_t at) { sys::copyWords(bar.data() + at, from + at, size); });
	printf("{\"memcpyNs\": %.0f, \"wordsNs\": %.0f}\n", copied, stored);
	return 0;
}
