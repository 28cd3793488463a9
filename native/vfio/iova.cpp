// SPDX-License-Identifier: MIT
#include "vfio/iova.h"

#include "sys/error.h"

#include <algorithm>

namespace vfio
{

// Low addresses look like null pointers in traces, and some engines treat 0 as "none".
static constexpr uint64_t lowest = 1 << 20;

static std::vector<Range> decodedRanges(const pci::Machine &machine)
{
	std::vector<Range> ranges;

	for (const auto &function : machine.functions) {
		for (const auto &window : function.windows)
			if (window.isMemory)
				ranges.push_back({window.start, window.end});
		for (const auto &bar : function.bars)
			if (bar.isMemory && bar.busAddress) {
				const uint64_t start = number(*bar.busAddress);
				ranges.push_back({start, start + bar.size - 1});
			}
	}
	return ranges;
}

static const Range *overlapping(const std::vector<Range> &ranges, const Range &range)
{
	const auto found = std::find_if(ranges.begin(), ranges.end(),
					[&](const Range &other) { return other.overlaps(range); });
	return found == ranges.end() ? nullptr : &*found;
}

IovaPlan::IovaPlan(std::vector<Range> usable, const pci::Machine &machine)
    : usable_(std::move(usable)), decoded_(decodedRanges(machine))
{
}

void IovaPlan::limit(unsigned bits)
{
	if (bits >= 64)
		return;
	const uint64_t last = (uint64_t{1} << bits) - 1;
	std::erase_if(usable_, [=](const Range &range) { return range.start > last; });
	for (auto &range : usable_)
		range.end = std::min(range.end, last);
}

pci::Iova IovaPlan::takeBar(pci::BusAddress address, uint64_t size)
{
	const Range same{number(address), number(address) + size - 1};
	const bool isUsable = std::any_of(usable_.begin(), usable_.end(),
					  [&](const Range &range) { return range.contains(same); });

	return take(isUsable && !overlapping(taken_, same) ? same : lowestFree(size, decoded_));
}

pci::Iova IovaPlan::takeHost(uint64_t size)
{
	return take(lowestFree(size, decoded_));
}

pci::Iova IovaPlan::take(const Range &range)
{
	taken_.push_back(range);
	return pci::Iova{range.start};
}

Range IovaPlan::lowestFree(uint64_t size, const std::vector<Range> &avoid) const
{
	const uint64_t alignment = size >= (2 << 20) ? 2 << 20 : 4096;
	const auto alignUp = [=](uint64_t at) {
		return (at + alignment - 1) / alignment * alignment;
	};

	for (const auto &range : usable_) {
		uint64_t at = alignUp(std::max(range.start, lowest));
		while (at <= range.end && range.end - at >= size - 1) {
			const Range candidate{at, at + size - 1};
			const Range *other = overlapping(avoid, candidate);
			other = other ? other : overlapping(taken_, candidate);
			if (!other)
				return candidate;
			at = alignUp(other->end + 1);
		}
	}
	throw sys::Error("VFIO_NO_IOVA", "no free range of IO addresses",
			 {{"size", std::to_string(size)}});
}

}
