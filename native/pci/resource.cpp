// SPDX-License-Identifier: MIT
#include "pci/resource.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <linux/pci_regs.h>
#include <sstream>

namespace pci
{

// IORESOURCE_* of the kernel's ioport.h, as the third column shows them.
constexpr uint64_t resourceIo = 0x100;
constexpr uint64_t resourceMemory = 0x200;
constexpr uint64_t resourcePrefetch = 0x2000;
constexpr uint64_t resource64 = 0x100000;
constexpr uint64_t resourceUnset = 0x20000000;

constexpr size_t bridgeBars = 2;
constexpr size_t endpointBars = 6;
constexpr size_t bridgeWindows = 4;

struct Line {
	uint64_t start = 0, end = 0, flags = 0;
	// Of all addresses at once the size would be 0.
	bool exists() const
	{
		return (flags & (resourceIo | resourceMemory)) && end > start &&
		       end - start != UINT64_MAX;
	}
};

static std::vector<Line> parseLines(const std::string &text)
{
	std::vector<Line> lines;
	std::istringstream input(text);
	for (std::string row; std::getline(input, row);) {
		Line line;
		if (sscanf(row.c_str(), "%" SCNx64 " %" SCNx64 " %" SCNx64, &line.start, &line.end,
			   &line.flags) != 3)
			line = {};
		lines.push_back(line);
	}
	return lines;
}

static std::optional<BusAddress> rawAddress(const Config &config, const Bar &bar)
{
	const size_t offset = PCI_BASE_ADDRESS_0 + 4 * static_cast<size_t>(bar.index);
	const auto low = config.u32(offset);
	const auto high = bar.is64 ? config.u32(offset + 4) : 0;
	if (!low || !high)
		return std::nullopt;
	const auto mask = static_cast<uint32_t>(bar.isMemory ? PCI_BASE_ADDRESS_MEM_MASK
							     : PCI_BASE_ADDRESS_IO_MASK);
	return BusAddress{(*low & mask) | uint64_t{*high} << 32};
}

static Bar makeBar(const Line &line, size_t index, const Config &config)
{
	Bar bar{.index = static_cast<int>(index),
		.start = line.flags & resourceUnset ? 0 : line.start,
		.size = line.end - line.start + 1,
		.isMemory = (line.flags & resourceMemory) != 0,
		.is64 = (line.flags & resource64) != 0,
		.isPrefetchable = (line.flags & resourcePrefetch) != 0,
		.busAddress = std::nullopt};
	if (bar.start == 0)
		return bar;
	// A VF's registers read 0, and so do those of a function that was reset meanwhile.
	bar.busAddress = rawAddress(config, bar);
	if (!bar.busAddress || number(*bar.busAddress) == 0)
		bar.busAddress = BusAddress{bar.start};
	return bar;
}

Resources parseResources(const std::string &text, const Config &config, bool isBridge)
{
	const auto lines = parseLines(text);
	Resources result;

	const size_t bars = std::min(isBridge ? bridgeBars : endpointBars, lines.size());
	for (size_t index = 0; index < bars; index++)
		if (lines[index].exists())
			result.bars.push_back(makeBar(lines[index], index, config));

	// Their index depends on how the kernel was built: seven or thirteen lines come before.
	if (isBridge && lines.size() >= bridgeWindows)
		for (size_t index = lines.size() - bridgeWindows; index < lines.size(); index++)
			if (const Line &line = lines[index]; line.exists())
				result.windows.push_back(
					{line.start, line.end, (line.flags & resourceMemory) != 0});
	return result;
}

}
