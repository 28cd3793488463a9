// SPDX-License-Identifier: MIT
// What Identify data says of a controller and its namespaces (Base Specification 2.0, 5.17), as far
// as it can be used. A page may hold anything: whoever wrote it is the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace device::nvme
{

constexpr size_t identifySize = 4096;
using IdentifyPage = std::span<const std::byte, identifySize>;

struct ControllerData {
	size_t maxTransfer = 0; // bytes
	bool hasVolatileCache = true;
	size_t errorEntries = 1; // that fit in a page
};

struct NamespaceData {
	uint64_t blocks = 0;  // 0: there is no such namespace
	size_t blockSize = 0; // bytes; 0: a format that cannot be used here
};

ControllerData controllerIn(IdentifyPage page);
// Formats with metadata, protection, odd blocks, blocks above maxTransfer, or more bytes than
// there are numbers for have no block size.
NamespaceData namespaceIn(IdentifyPage page, size_t maxTransfer);
// The numbers in a list of namespaces.
std::vector<uint32_t> namespacesIn(IdentifyPage page);

}
