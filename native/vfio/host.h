// SPDX-License-Identifier: MIT
// Host memory at an iova: queues, lists, staging. Never inside anything that the bus decodes.
#pragma once

#include "sys/view.h"
#include "vfio/address_space.h"

namespace vfio
{

class HostWindow
{
public:
	// size in bytes, rounded up to whole pages; zeroed.
	HostWindow(const AddressSpace &space, IovaPlan &plan, size_t size)
	    : view_(sys::View::ofMemory(wholePages(size))),
	      window_(space.map(view_.bytes(), plan.takeHost(view_.size())))
	{
	}

	std::byte *data() const { return view_.data(); }
	std::span<std::byte> bytes() const { return view_.bytes(); }
	pci::Iova iova() const { return window_.iova(); }

private:
	static size_t wholePages(size_t size)
	{
		return (size + sys::pageSize() - 1) / sys::pageSize() * sys::pageSize();
	}

	sys::View view_;
	Window window_; // after view_: it is unmapped from the IOMMU first
};

}
