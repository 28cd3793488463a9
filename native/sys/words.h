// SPDX-License-Identifier: MIT
// The CPU's way to memory of devices: whole, aligned words, so that no access is torn into pieces
// that a device might not take.
#pragma once

#include <cstddef>

namespace sys
{

// Copies length bytes, in words as wide as both addresses allow together: eight bytes where they
// are congruent, else four, two or one; single bytes only at the edges.
// widest: bytes of the widest word, a power of two up to 8. Error P2P_GONE where the memory of a
// function has gone away, which the kernel says by SIGBUS.
void copyWords(volatile std::byte *to, const volatile std::byte *from, size_t length,
	       size_t widest = 8);

}
