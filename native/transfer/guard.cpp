// SPDX-License-Identifier: MIT
#include "transfer/guard.h"

#include "device/nvme_memory.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/signature.h"
#include "transfer/move.h"

#include <algorithm>
#include <linux/pci_regs.h>

namespace transfer
{

using sys::Error;

static constexpr uint32_t displayClass = 0x03; // PCI Code and ID Assignment

static std::string barNames(const pci::Function &function)
{
	std::string names;
	for (const auto &bar : function.bars)
		names += (names.empty() ? "bar" : ", bar") + std::to_string(bar.index) +
			 (bar.isMemory ? "" : " (I/O)");
	return names;
}

const pci::Bar &requireMemoryBar(const pci::Function &function, int index)
{
	const auto *bar = function.bar(index);
	const Error::Facts facts{{"bdf", function.bdf.name()},
				 {"bar", std::to_string(index)},
				 {"has", barNames(function)}};

	if (!bar)
		throw Error("P2P_NO_BAR", "no such BAR", facts);
	if (!bar->isMemory)
		throw Error("P2P_BAR_IO", "an I/O BAR", facts);
	// Opening a function on vfio-pci turns decoding on; elsewhere it must be on already.
	const auto command = function.config.u16(PCI_COMMAND);
	const bool isOff = command && !(*command & PCI_COMMAND_MEMORY);
	if (bar->start == 0 || (isOff && function.driver != "vfio-pci" && !function.physfn))
		throw Error("P2P_BAR_DISABLED", "memory decoding is off", facts);
	return *bar;
}

void requireRange(const std::string &where, uint64_t size, uint64_t offset, uint64_t length)
{
	if (offset < size && length <= size - offset)
		return;
	throw Error("P2P_RANGE", "outside of " + where,
		    {{"where", where},
		     {"size", std::to_string(size)},
		     {"offset", std::to_string(offset)},
		     {"length", std::to_string(length)},
		     {"largest", std::to_string(offset < size ? size - offset : 0)}});
}

void requireMultiple(const std::string &what, uint64_t value, uint64_t unit)
{
	if (value % unit == 0)
		return;
	throw Error("P2P_UNALIGNED", what + " is not a multiple of " + std::to_string(unit),
		    {{"what", what},
		     {"value", std::to_string(value)},
		     {"unit", std::to_string(unit)},
		     {"below", std::to_string(value / unit * unit)},
		     {"above", std::to_string((value / unit + 1) * unit)}});
}

static bool overlaps(uint64_t a, uint64_t aLength, uint64_t b, uint64_t bLength)
{
	return a < b + bLength && b < a + aLength;
}

void requireNoMsix(const pci::Function &function, const pci::Config &config, int bar,
		   uint64_t offset, uint64_t length)
{
	const Error::Facts facts{{"bdf", function.bdf.name()}, {"bar", std::to_string(bar)}};
	const auto msix = config.capability(PCI_CAP_ID_MSIX);
	if (msix.seen == pci::Seen::no)
		return;

	const auto flags = config.u16(msix.offset + size_t{PCI_MSIX_FLAGS});
	const auto table = config.u32(msix.offset + size_t{PCI_MSIX_TABLE});
	const auto pending = config.u32(msix.offset + size_t{PCI_MSIX_PBA});
	if (msix.seen == pci::Seen::unknown || !flags || !table || !pending)
		throw Error("P2P_UNKNOWN_MSIX", "MSI-X capability not readable", facts);

	const uint64_t vectors = (*flags & PCI_MSIX_FLAGS_QSIZE) + 1u;
	const auto isIn = [&](uint32_t place, uint64_t size) {
		return static_cast<int>(place & PCI_MSIX_TABLE_BIR) == bar &&
		       overlaps(offset, length, place & PCI_MSIX_TABLE_OFFSET, size);
	};
	if (isIn(*table, vectors * PCI_MSIX_ENTRY_SIZE) || isIn(*pending, (vectors + 63) / 64 * 8))
		throw Error("P2P_MSIX", "the range holds the MSI-X table", facts);
}

static bool isLargestPrefetchable(const pci::Function &function, const pci::Bar &bar)
{
	return bar.isPrefetchable &&
	       std::all_of(function.bars.begin(), function.bars.end(), [&](const pci::Bar &other) {
		       return !other.isPrefetchable || other.size <= bar.size;
	       });
}

std::optional<std::string> knownMemory(const pci::Function &function, const pci::Bar &bar)
{
	// A display's registers and doorbells can be prefetchable too; its memory is the largest.
	if (function.classCode >> 16 == displayClass && isLargestPrefetchable(function, bar))
		return "display memory";
	// docs/specs/ivshmem-spec of QEMU: BAR 2 is the shared memory.
	if (function.vendor == 0x1af4 && function.device == 0x1110 && bar.index == 2)
		return "ivshmem";
	return std::nullopt;
}

bool isInNvmeMemory(const vfio::Function &function, int bar, uint64_t offset, uint64_t length)
{
	for (const auto &part : {device::nvme::findCmb(function), device::nvme::findPmr(function)})
		if (part && part->bar == bar && offset >= part->offset &&
		    offset + length <= part->offset + part->size)
			return true;
	return false;
}

void requireNoOverlap(uint64_t from, uint64_t to, uint64_t length)
{
	if (overlaps(from, length, to, length))
		throw Error("P2P_OVERLAP", "source and destination overlap",
			    {{"from", std::to_string(from)},
			     {"to", std::to_string(to)},
			     {"length", std::to_string(length)}});
}

static void readInto(const sys::Fd &image, device::Client &client, const device::Memory &staging,
		     device::Target target, uint64_t start, uint64_t end)
{
	const size_t chunk = staging.bytes.size();

	for (uint64_t at = start; at < end; at += chunk) {
		const size_t length = std::min<uint64_t>(chunk, end - at);
		Errand(client, {{device::Direction::fromMedium, at, target, 0, length}}).finish();
		image.writeAt(at, staging.bytes.first(length));
	}
}

void requireNoSignature(device::Client &client, const device::Memory &staging)
{
	constexpr uint64_t edge = 16 << 20;
	const uint64_t size = client.mediumSize();
	const uint64_t head = std::min(edge, size);
	const uint64_t tail = size > 2 * edge ? size - edge : head;
	const auto target = client.prepare(staging);
	const auto image = sys::memoryFile("namespace");

	image.resize(size);
	readInto(image, client, staging, target, 0, head);
	readInto(image, client, staging, target, tail, size);

	std::string names;
	for (const auto &name : sys::signatures(image, static_cast<unsigned>(client.blockSize())))
		names += (names.empty() ? "" : ", ") + name;
	if (!names.empty())
		throw Error("P2P_SIGNATURE", "the namespace holds " + names,
			    {{"signatures", names}});
}

}
