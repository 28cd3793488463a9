// SPDX-License-Identifier: MIT
#include "vfio/address_space.h"

#include "sys/error.h"
#include "sys/process.h"
#include "vfio/container.h"
#include "vfio/function.h"
#include "vfio/ioas.h"

#include <algorithm>
#include <utility>

namespace vfio
{

std::unique_ptr<AddressSpace> openSpace(const std::string &mechanism, const pci::Function &first,
					sys::Stop stop)
{
	if (mechanism == "iommufd")
		return std::make_unique<Ioas>(first, std::move(stop));
	return std::make_unique<Container>(first, std::move(stop));
}

// The kernel counts what it pins against the limit, and says no more than ENOMEM
// (drivers/vfio/vfio_iommu_type1.c, vfio_pin_pages_remote; drivers/iommu/iommufd/pages.c).
static void requireLockable(uint64_t size, uint64_t expected)
{
	const auto limit = sys::lockableBytes();
	const uint64_t needed = std::max(sys::lockedBytes() + size, expected);
	if (limit && needed > *limit)
		throw sys::Error(
			"P2P_MEMLOCK", "no more memory may be locked",
			{{"needed", std::to_string(needed)}, {"limit", std::to_string(*limit)}});
}

Window AddressSpace::map(std::span<std::byte> memory, pci::Iova iova) const
{
	try {
		mapMemory(memory, iova);
	} catch (const sys::Error &error) {
		if (error.code == "ENOMEM")
			requireLockable(memory.size(), expected_);
		throw;
	}
	return Window(*this, iova, memory.size());
}

Window AddressSpace::mapBar(const HeldBar &bar, uint64_t offset, uint64_t length,
			    pci::Iova iova) const
{
	mapStretch(bar, offset, length, iova);
	return Window(*this, iova, length);
}

std::shared_ptr<Function> AddressSpace::take(const pci::Function &function)
{
	auto &known = functions_[function.bdf.name()];
	auto taken = known.lock();
	if (!taken)
		known = taken = std::make_shared<Function>(*this, function);
	return taken;
}

Window::Window(Window &&other) noexcept
    : space_(std::exchange(other.space_, nullptr)), iova_(other.iova_), size_(other.size_)
{
}

Window::~Window()
{
	// A failure has no cure here: the mapping then ends with the address space.
	if (space_)
		space_->unmap(iova_, size_);
}

}
