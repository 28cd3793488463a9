// SPDX-License-Identifier: MIT
#include "vfio/interrupt.h"

#include "sys/clock.h"
#include "sys/signal.h"

namespace vfio
{

static constexpr uint64_t unusedAfter = 200'000'000;

// A kernel that refuses, a function without MSI-X: neither keeps a copy from being made.
Interrupt::Interrupt(const Function &function)
    : function_(function), eventfd_(sys::makeCounter()), isThere_(function_.interrupt(-1))
{
}

bool Interrupt::arm() noexcept
{
	used_ = sys::now();
	if (isThere_ && !isArmed_)
		isArmed_ = isThere_ = function_.interrupt(eventfd_.number());
	return isArmed_;
}

void Interrupt::disarm() noexcept
{
	if (isArmed_)
		function_.interrupt(-1);
	isArmed_ = false;
}

void Interrupt::disarmUnused(uint64_t time) noexcept
{
	if (time - used_ > unusedAfter)
		disarm();
}

}
