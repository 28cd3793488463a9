// SPDX-License-Identifier: MIT
// A function's first MSI-X vector as an eventfd. Disarmed the vector is masked: the function sends
// nothing, and remembers in its Pending Bit Array that it would have (PCI Express 6.1.4).
#pragma once

#include "sys/fd.h"
#include "vfio/function.h"

namespace vfio
{

class Interrupt
{
public:
	// Takes the vector and leaves it masked. function: kept by reference.
	explicit Interrupt(const Function &function);
	Interrupt(const Interrupt &) = delete;
	Interrupt &operator=(const Interrupt &) = delete;
	~Interrupt() { disarm(); }

	// False where the function has no MSI-X, or got no vector.
	bool arm() noexcept;
	void disarm() noexcept;
	// Disarms where nobody has called arm() for a fifth of a second; time as of sys::now().
	void disarmUnused(uint64_t time) noexcept;
	bool isArmed() const { return isArmed_; }
	int fd() const { return eventfd_.number(); }

private:
	const Function &function_;
	sys::Fd eventfd_;
	bool isArmed_ = false;
	uint64_t used_ = 0;
	bool isThere_;
};

}
