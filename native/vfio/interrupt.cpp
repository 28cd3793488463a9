// SPDX-License-Identifier: MIT
#include "vfio/interrupt.h"

#include "sys/clock.h"
#include "sys/error.h"
#include "vfio/uapi.h"

#include <linux/vfio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

namespace vfio
{

static constexpr uint64_t unusedAfter = 200'000'000;

Interrupt::Interrupt(const Function &function)
    : function_(function),
      eventfd_(sys::check(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd", "eventfd"), "eventfd"),
      isThere_(set(-1))
{
}

bool Interrupt::arm() noexcept
{
	used_ = sys::now();
	if (isThere_ && !isArmed_)
		isArmed_ = isThere_ = set(eventfd_.number());
	return isArmed_;
}

void Interrupt::disarm() noexcept
{
	if (isArmed_)
		set(-1);
	isArmed_ = false;
}

void Interrupt::disarmUnused(uint64_t time) noexcept
{
	if (time - used_ > unusedAfter)
		disarm();
}

// A kernel that refuses, a function without MSI-X: neither keeps a copy from being made.
bool Interrupt::set(int fd) const noexcept
{
	uapi::OneEventfd request{.index = VFIO_PCI_MSIX_IRQ_INDEX, .fd = fd};
	return ioctl(function_.fd(), VFIO_DEVICE_SET_IRQS, &request) == 0;
}

}
