// SPDX-License-Identifier: MIT
// Words of memory that a device reads or writes at the same time: what was written before is there
// when it sees the word, and what it wrote before is here when the word is seen.
#pragma once

namespace device
{

template <class Word> Word loadAcquire(const volatile Word &word)
{
	return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
}

template <class Word> void storeRelease(volatile Word &word, Word value)
{
	__atomic_store_n(&word, value, __ATOMIC_RELEASE);
}

}
