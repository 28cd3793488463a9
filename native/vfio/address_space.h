// SPDX-License-Identifier: MIT
// One IO address space and the functions in it: a VFIO container (container.h) or an IOAS of
// iommufd (ioas.h). It is made first and ends last: whatever it mapped or opened must be gone
// before it.
#pragma once

#include "pci/machine.h"
#include "sys/fd.h"
#include "sys/stop.h"
#include "vfio/iova.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vfio
{

class AddressSpace;
class Function;
class HeldBar;

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
	friend class AddressSpace;
	Window(const AddressSpace &space, pci::Iova iova, uint64_t size)
	    : space_(&space), iova_(iova), size_(size)
	{
	}

	const AddressSpace *space_;
	pci::Iova iova_;
	uint64_t size_;
};

class AddressSpace
{
public:
	virtual ~AddressSpace() = default;

	// When it is asked for, every function of this address space loses Bus Master at once, and
	// whatever waits for one ends.
	const sys::Stop &stop() const { return stop_; }

	// 'type1' or 'iommufd'.
	virtual const char *mechanism() const = 0;
	// What the IOMMU accepts, reserved ranges left out.
	virtual std::vector<Range> usableRanges() const = 0;

	// How much host memory will be mapped in all, in bytes: P2P_MEMLOCK names it.
	void expect(uint64_t bytes) { expected_ = bytes; }
	// Lets every function in this address space read and write memory at iova. Errors with
	// errno's name; P2P_MEMLOCK {needed, limit} (bytes) where the kernel lets this process lock
	// no more.
	Window map(std::span<std::byte> memory, pci::Iova iova) const;
	// The same for a stretch of a BAR, whole pages. Error VFIO_NO_IOMMUFD where the mechanism
	// needs the provider on vfio-pci and it is not, P2P_NO_DMABUF where the kernel does not
	// export it.
	Window mapBar(const HeldBar &bar, uint64_t offset, uint64_t length, pci::Iova iova) const;

	// The function, opened: the same one for all who hold it at once. Errors as openDevice().
	std::shared_ptr<Function> take(const pci::Function &function);

	// Takes the function into this address space and opens it, which resets it. Error
	// VFIO_NO_IOMMU, VFIO_BUSY (another program has it), EACCES, VFIO_NOT_VIABLE,
	// VFIO_NO_INTERRUPT_REMAPPING; facts bdf, group and path.
	virtual sys::Fd openDevice(const pci::Function &function) = 0;

protected:
	explicit AddressSpace(sys::Stop stop) : stop_(std::move(stop)) {}

private:
	friend class Window;
	virtual void mapMemory(std::span<std::byte> memory, pci::Iova iova) const = 0;
	virtual void mapStretch(const HeldBar &bar, uint64_t offset, uint64_t length,
				pci::Iova iova) const = 0;
	virtual void unmap(pci::Iova iova, uint64_t size) const noexcept = 0;

	sys::Stop stop_;
	uint64_t expected_ = 0;
	std::map<std::string, std::weak_ptr<Function>> functions_; // by bdf
};

// An address space with the IOMMU of a first function. mechanism: 'type1' or 'iommufd'. Errors
// VFIO_NOT_LOADED, VFIO_NO_TYPE1, VFIO_NO_IOMMUFD, and those of openDevice().
std::unique_ptr<AddressSpace> openSpace(const std::string &mechanism, const pci::Function &first,
					sys::Stop stop = {});

}
