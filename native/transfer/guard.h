// SPDX-License-Identifier: MIT
// What must hold before bytes move: looks and refusals, no changes.
#pragma once

#include "device/client.h"
#include "pci/machine.h"
#include "vfio/bar.h"
#include "vfio/host.h"

#include <cstdint>
#include <optional>
#include <string>

namespace transfer
{

// The BAR, or Error P2P_NO_BAR (fact has), P2P_BAR_IO, P2P_BAR_DISABLED.
const pci::Bar &requireMemoryBar(const pci::Function &function, int index);

// [offset, offset + length) lies in size bytes, or Error P2P_RANGE: where, size, largest.
void requireRange(const std::string &where, uint64_t size, uint64_t offset, uint64_t length);

// offset and length are multiples of unit, or Error P2P_UNALIGNED: what, value, below, above.
void requireMultiple(const std::string &what, uint64_t value, uint64_t unit);

// No byte of an MSI-X table or pending-bit array in the range, or Error P2P_MSIX. A
// configuration space that was cut says nothing: Error P2P_UNKNOWN.
void requireNoMsix(const pci::Function &function, const pci::Config &config, int bar,
		   uint64_t offset, uint64_t length);

// What sort of memory a BAR is, where its kind is known from the outside: 'display memory',
// 'ivshmem'; nullopt where it may as well be registers. Prefetchable proves nothing.
std::optional<std::string> knownMemory(const pci::Function &function, const pci::Bar &bar);

// The same through the device itself: the range lies in a controller memory buffer or persistent
// memory region.
bool isInNvmeMemory(const vfio::Function &function, int bar, uint64_t offset, uint64_t length);

// Two stretches of the same medium or memory do not touch, or Error P2P_OVERLAP.
void requireNoOverlap(uint64_t from, uint64_t to, uint64_t length);

// Nothing that looks like data of somebody's on the client's medium, or Error P2P_SIGNATURE
// (fact signatures). Reads the first and last 16 MiB through the client.
// staging: host memory that the client reaches.
void requireNoSignature(device::Client &client, const device::Memory &staging);

}
