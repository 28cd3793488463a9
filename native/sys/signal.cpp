// SPDX-License-Identifier: MIT
#include "sys/signal.h"

#include "sys/error.h"

#include <algorithm>
#include <array>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace sys
{

Fd makeCounter()
{
	return Fd(check(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd", "eventfd"), "eventfd");
}

void raise(const Fd &counter) noexcept
{
	const uint64_t once = 1;
	// A counter that can count no further is raised already.
	[[maybe_unused]] const auto done = ::write(counter.number(), &once, sizeof once);
}

void waitFor(std::span<const Signal> signals, int timeout)
{
	std::array<pollfd, 4> polled{};

	signals = signals.first(std::min(signals.size(), polled.size()));
	for (size_t i = 0; i < signals.size(); i++) {
		const bool isWritable = signals[i].sort == Signal::Sort::writable;
		polled[i] = {.fd = signals[i].fd,
			     .events = static_cast<short>(isWritable ? POLLOUT : POLLIN),
			     .revents = 0};
	}
	if (::poll(polled.data(), signals.size(), timeout) <= 0)
		return;
	for (size_t i = 0; i < signals.size(); i++) {
		uint64_t times = 0;
		const bool isRaised = signals[i].sort == Signal::Sort::counter &&
				      (polled[i].revents & POLLIN) != 0;
		if (isRaised && ::read(polled[i].fd, &times, sizeof times) < 0)
			continue; // it stands twice in the list
	}
}

}
