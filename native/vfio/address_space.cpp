// SPDX-License-Identifier: MIT
#include "vfio/address_space.h"

#include "sys/error.h"
#include "vfio/container.h"
#include "vfio/function.h"
#include "vfio/ioas.h"

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

Window AddressSpace::map(std::span<std::byte> memory, pci::Iova iova) const
{
	try {
		mapMemory(memory, iova);
	} catch (sys::Error &error) {
		error.facts["size"] = std::to_string(memory.size());
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
