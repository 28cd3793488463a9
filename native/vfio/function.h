// SPDX-License-Identifier: MIT
// A function that this process drives through VFIO. Opening it reset it and left Bus Master off;
// when the object ends Bus Master is cleared first, so that no request of the function is under
// way when the windows it used are unmapped (declare it after them). The same at once, from
// whatever thread asks, when the container's work is to stop; it stays off then.
#pragma once

#include "pci/config.h"
#include "sys/fd.h"
#include "sys/view.h"
#include "vfio/address_space.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace vfio
{

class Function
{
public:
	// Errors as AddressSpace::openDevice().
	Function(AddressSpace &space, const pci::Function &function);
	Function(const Function &) = delete;
	Function &operator=(const Function &) = delete;
	~Function();

	const std::string &name() const { return name_; }
	int fd() const { return fd_.number(); }

	// The whole configuration space, as VFIO shows it.
	pci::Config config() const;
	// COMMAND register: Memory Space and Bus Master on; or Bus Master off. Error P2P_STOPPED
	// from enable() where the work is to stop.
	void enable() const;
	void silence() const;
	// Does nobody answer at its address on the bus any more?
	bool isGone() const;
	const sys::Stop &stop() const { return stop_; }
	// VFIO_DEVICE_RESET; false where the function cannot be reset now.
	bool reset() const;

	// MSI-X vector 0 raises that eventfd, or with -1 is masked (VFIO_DEVICE_SET_IRQS). False
	// where the function has no MSI-X, or gets no vector.
	bool interrupt(int eventfd) const noexcept;

	// Bytes of a BAR's region; 0 where there is none.
	uint64_t regionSize(int bar) const;
	// A view of a BAR. Error VFIO_NO_MMAP where the kernel does not let it be mapped.
	sys::View view(int bar) const;
	// A stretch of a BAR as a dma-buf, for importers (VFIO_DEVICE_FEATURE_DMA_BUF). offset and
	// length in whole pages. It goes stale with a reset and with the end of this object. Error
	// P2P_NO_DMABUF where this kernel or driver has no such thing.
	sys::Fd exportBar(int bar, uint64_t offset, uint64_t length) const;

private:
	void setCommand(uint16_t clear, uint16_t set) const;
	void trySilence() const noexcept;

	std::string name_;
	sys::Fd fd_;
	uint64_t configOffset_ = 0;
	uint64_t configSize_ = 0;
	sys::Stop stop_;
	mutable std::mutex command_; // whoever changes COMMAND
	// The last member: it may run until it is gone.
	std::optional<std::stop_callback<std::function<void()>>> onStop_;
};

}
