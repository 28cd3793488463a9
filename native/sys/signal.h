// SPDX-License-Identifier: MIT
// Sleeping until somebody has news, instead of looking again and again.
#pragma once

#include "sys/fd.h"

#include <span>

namespace sys
{

struct Signal {
	int fd = -1; // -1: nothing is to come
	enum class Sort { readable, writable, counter } sort = Sort::readable;
};

// A counter that others raise (eventfd(2)), readable while it is not 0.
Fd makeCounter();
void raise(const Fd &counter) noexcept;

// poll(2), until one of them shows or the time is up; milliseconds. Empties counters that show, so
// that what comes after this is heard. At most four.
void waitFor(std::span<const Signal> signals, int timeout);

}
