// SPDX-License-Identifier: MIT
// One IO address space (VFIO type1) and the functions in it. It is made first and ends last:
// whatever it mapped or opened must be gone before it.
#pragma once

#include "pci/machine.h"
#include "sys/fd.h"
#include "sys/stop.h"
#include "sys/view.h"
#include "vfio/iova.h"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vfio
{

class Function;

// Memory at an iova, for as long as it stays mapped.
class Window
{
public:
	Window(Window &&other) noexcept;
	Window &operator=(Window &&) = delete;
	~Window();

	pci::Iova iova() const { return iova_; }
	uint64_t size() const { return size_; }

private:
	friend class Container;
	Window(const sys::Fd &container, pci::Iova iova, uint64_t size)
	    : container_(&container), iova_(iova), size_(size)
	{
	}

	const sys::Fd *container_;
	pci::Iova iova_;
	uint64_t size_;
};

class Container
{
public:
	// Opens /dev/vfio/vfio and attaches a first function, which gives the address space its
	// IOMMU. Error VFIO_NOT_LOADED, VFIO_NO_TYPE1, errno's name, or as attach().
	// stop: when it is asked for, every function of this address space loses Bus Master at
	// once, and whatever waits for one ends.
	explicit Container(const pci::Function &first, sys::Stop stop = {});
	Container(const Container &) = delete;
	Container &operator=(const Container &) = delete;

	const sys::Stop &stop() const { return stop_; }

	// Takes the function's IOMMU group into this address space, unless it is in already.
	// Error VFIO_NO_IOMMU, VFIO_BUSY (another program has the group), EACCES,
	// VFIO_NOT_VIABLE, VFIO_NO_INTERRUPT_REMAPPING; facts group and path.
	void attach(const pci::Function &function);

	// What the IOMMU accepts, reserved ranges left out.
	std::vector<Range> usableRanges() const;

	// Lets every function in this address space read and write memory at iova.
	Window map(std::span<std::byte> memory, pci::Iova iova) const;

	// The function, opened: the same one for all who hold it at once. Errors as attach().
	std::shared_ptr<Function> take(const pci::Function &function);

	// VFIO_GROUP_GET_DEVICE_FD: opens the function, which resets it.
	sys::Fd openDevice(const pci::Function &function) const;

private:
	sys::Stop stop_;
	sys::Fd fd_;
	std::map<int, sys::Fd> groups_;
	std::map<std::string, std::weak_ptr<Function>> functions_; // by bdf
};

}
