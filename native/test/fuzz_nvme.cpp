// SPDX-License-Identifier: MIT
// libFuzzer: a controller may write anything as Identify data, as its log of errors and into the
// registers of its memory. What is made of it can be used without a further look. npm run fuzz
// builds and runs it.
#include "device/field.h"
#include "device/nvme_errors.h"
#include "device/nvme_identify.h"
#include "device/nvme_memory.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

using namespace device::nvme;
using Bytes = std::span<const std::byte>;

static void require(bool isSo)
{
	if (!isSo)
		abort();
}

static void identify(Bytes bytes)
{
	std::array<std::byte, identifySize> page{};
	std::ranges::copy(bytes.first(std::min(bytes.size(), page.size())), page.begin());

	const auto controller = controllerIn(page);
	require(std::has_single_bit(controller.maxTransfer) && controller.maxTransfer >= 4096);
	require(controller.errorEntries * errorEntrySize <= identifySize);
	const auto data = namespaceIn(page, controller.maxTransfer);
	if (data.blockSize != 0) {
		require(std::has_single_bit(data.blockSize) && data.blockSize >= 512);
		require(controller.maxTransfer % data.blockSize == 0);
		require(data.blocks <= uint64_t{INT64_MAX} / data.blockSize);
	}
	require(!std::ranges::count(namespacesIn(page), 0u));
}

static void placeMemory(Bytes bytes)
{
	if (bytes.size() < 20)
		return;
	const auto barSize = device::field<uint64_t>(bytes.data(), 8);
	const auto cmb = cmbIn(device::field<uint32_t>(bytes.data(), 0),
			       device::field<uint32_t>(bytes.data(), 4));
	const auto pmr = pmrIn(device::field<uint32_t>(bytes.data(), 16));
	if (const auto part = cmb ? cutTo(barSize, *cmb) : cmb)
		require(part->size > 0 && part->offset < barSize &&
			part->size <= barSize - part->offset);
	for (const auto &part : {cmb, pmr})
		require(!part || (part->bar >= 0 && part->bar < 6));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const auto bytes = std::as_bytes(std::span(data, size));
	uint64_t after = size % 7;
	for (const auto &error : errorsIn(bytes, after))
		require(error.count > after && !error.status.empty());
	identify(bytes);
	placeMemory(bytes);
	return 0;
}
