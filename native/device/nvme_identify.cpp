// SPDX-License-Identifier: MIT
#include "device/nvme_identify.h"

#include "device/field.h"
#include "device/nvme_errors.h"
#include "device/nvme_regs.h"

#include <algorithm>

namespace device::nvme
{

// MDTS may be unlimited; a request beyond this gains nothing.
static constexpr size_t largestTransfer = 2 << 20;
static constexpr unsigned smallestBlockShift = 9, largestBlockShift = 16;

ControllerData controllerIn(IdentifyPage page)
{
	const auto mdts = field<uint8_t>(page.data(), ID_CTRL_MDTS);
	const size_t entries = field<uint8_t>(page.data(), ID_CTRL_ELPE) + size_t{1};

	return {.maxTransfer = mdts == 0 || mdts > 8 ? largestTransfer : identifySize << mdts,
		.hasVolatileCache = (field<uint8_t>(page.data(), ID_CTRL_VWC) & 1) != 0,
		.errorEntries = std::min(identifySize / errorEntrySize, entries)};
}

NamespaceData namespaceIn(IdentifyPage page, size_t maxTransfer)
{
	NamespaceData data{.blocks = field<uint64_t>(page.data(), ID_NS_NSZE)};
	const auto flbas = field<uint8_t>(page.data(), ID_NS_FLBAS);
	const unsigned index = (flbas & 0xfu) | (flbas >> 5 & 3u) << 4;
	const auto format = field<uint32_t>(page.data(), ID_NS_LBAF + index * 4);
	const unsigned shift = format >> 16 & 0xff;
	const bool hasMetadata =
		(format & 0xffff) != 0 || field<uint8_t>(page.data(), ID_NS_DPS) != 0;

	if (!hasMetadata && shift >= smallestBlockShift && shift <= largestBlockShift &&
	    size_t{1} << shift <= maxTransfer && data.blocks <= uint64_t{INT64_MAX} >> shift)
		data.blockSize = size_t{1} << shift;
	return data;
}

std::vector<uint32_t> namespacesIn(IdentifyPage page)
{
	std::vector<uint32_t> numbers;
	for (size_t at = 0; at < identifySize; at += sizeof(uint32_t)) {
		const auto nsid = field<uint32_t>(page.data(), at);
		if (nsid == 0)
			break;
		numbers.push_back(nsid);
	}
	return numbers;
}

}
