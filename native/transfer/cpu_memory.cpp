// SPDX-License-Identifier: MIT
#include "transfer/cpu_memory.h"

#include "sys/error.h"
#include "transfer/access.h"
#include "transfer/ends.h"
#include "transfer/guard.h"

#include <algorithm>

namespace transfer
{

CpuMemory::CpuMemory(const pci::Machine &machine, const Place &place, const Permission &permission,
		     const Need &need, Caching caching)
{
	const uint64_t least = need.length ? need.length : need.unit;
	const auto end = findMemory(machine, place, permission, least);
	const auto &function = *end.function;

	requireMultiple("the offset in the memory", place.offset, sizeof(uint64_t));
	requireMultiple("the length", need.length, need.unit);
	access_ = end.access;
	if (access_ == "vfio") {
		requireViable(route::vfioView(machine, function, function));
		space_ = vfio::openSpace(chooseSpace(machine, {&function}, nullptr, ""), function);
	}
	held_.emplace(space_.get(), end, caching);
	const uint64_t start = held_->startInPart();
	requireRange("the memory", start + held_->size(), start, least);
	length_ = need.length;
	if (!length_)
		length_ = std::min(held_->size(), need.most) / need.unit * need.unit;
	held_->requireUsable(length_, permission.registerBar);
}

void CpuMemory::requireAnswer() const
{
	if (held_->isAlive())
		return;
	held_->requireThere();
	throw sys::Error("P2P_BAR_DISABLED", "memory decoding is off",
			 {{"bdf", held_->function().bdf.name()},
			  {"bar", std::to_string(held_->barIndex())}});
}

}
