// SPDX-License-Identifier: MIT
// Words that a device reads or writes at the same time, in its registers or in memory that both
// see: what was written before is there when it sees the word, and what it wrote before is here
// when the word is seen.
#pragma once

namespace device
{

#ifdef __aarch64__
// Acquire and release bind CPUs. A device looks on from the outer shareable domain, and its
// registers are memory of another kind than its queues.
template <class Word> Word loadAcquire(const volatile Word &word)
{
	const Word value = word;
	__asm__ volatile("dmb oshld" ::: "memory");
	return value;
}

template <class Word> void storeRelease(volatile Word &word, Word value)
{
	__asm__ volatile("dmb osh" ::: "memory");
	word = value;
}
#else
template <class Word> Word loadAcquire(const volatile Word &word)
{
	return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
}

template <class Word> void storeRelease(volatile Word &word, Word value)
{
	__atomic_store_n(&word, value, __ATOMIC_RELEASE);
}
#endif

}
