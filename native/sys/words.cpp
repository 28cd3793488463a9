// SPDX-License-Identifier: MIT
#include "sys/words.h"

#include "sys/error.h"

#include <csetjmp>
#include <csignal>
#include <cstdint>

namespace sys
{

template <class Word>
static size_t copyAs(volatile std::byte *to, const volatile std::byte *from, size_t length)
{
	auto *into = reinterpret_cast<volatile Word *>(to);
	const auto *out = reinterpret_cast<const volatile Word *>(from);
	const size_t count = length / sizeof(Word);
	for (size_t i = 0; i < count; i++)
		into[i] = out[i];
	return count * sizeof(Word);
}

// The widest word that both addresses can be aligned to at the same step.
static size_t commonWidth(const volatile std::byte *to, const volatile std::byte *from,
			  size_t widest)
{
	const auto apart = reinterpret_cast<uintptr_t>(to) ^ reinterpret_cast<uintptr_t>(from);
	for (size_t width = widest; width > 1; width /= 2)
		if (apart % width == 0)
			return width;
	return 1;
}

static size_t copyWidth(size_t width, volatile std::byte *to, const volatile std::byte *from,
			size_t length)
{
	switch (width) {
	case 8:
		return copyAs<uint64_t>(to, from, length);
	case 4:
		return copyAs<uint32_t>(to, from, length);
	case 2:
		return copyAs<uint16_t>(to, from, length);
	default:
		return copyAs<uint8_t>(to, from, length);
	}
}

// Not inline: what a jump finds in registers is nobody's.
[[gnu::noinline]] static bool copyOrDie(volatile std::byte *to, const volatile std::byte *from,
					size_t length, size_t limit)
{
	const size_t widest = commonWidth(to, from, limit);

	while (length > 0) {
		size_t width = widest;
		while (width > 1 &&
		       (reinterpret_cast<uintptr_t>(to) % width != 0 || length < width))
			width /= 2;
		// Up to the next place where a wider word fits, or to the end.
		const auto misaligned = reinterpret_cast<uintptr_t>(to) % widest;
		const size_t run = width == widest ? length : (misaligned ? width : length);
		const size_t done = copyWidth(width, to, from, run < length ? run : length);
		to += done;
		from += done;
		length -= done;
	}
	return true;
}

// A signal's handler knows no object: this is where the thread's copy goes on after a SIGBUS.
static thread_local sigjmp_buf *landing = nullptr;

static struct sigaction handleBusErrors()
{
	static struct sigaction before;
	struct sigaction action = {};

	action.sa_handler = [](int number) {
		if (landing)
			siglongjmp(*landing, 1);
		// Not ours: the same access meets whoever was there before.
		sigaction(number, &before, nullptr);
	};
	action.sa_flags = SA_NODEFER;
	sigaction(SIGBUS, &action, &before);
	return before;
}

void copyWords(volatile std::byte *to, const volatile std::byte *from, size_t length, size_t limit)
{
	[[maybe_unused]] static const auto before = handleBusErrors();
	volatile bool isThere = false;
	sigjmp_buf place;

	landing = &place;
	if (sigsetjmp(place, 0) == 0)
		isThere = copyOrDie(to, from, length, limit);
	landing = nullptr;
	if (!isThere)
		throw Error("P2P_GONE", "the memory does not answer any more");
}

}
