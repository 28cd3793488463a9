// SPDX-License-Identifier: MIT
// A provider's BAR as this process holds it: through VFIO where the provider is on vfio-pci, else
// through sysfs resourceN, locked with flock for as long as the object lives.
#pragma once

#include "pci/machine.h"
#include "sys/fd.h"
#include "sys/view.h"
#include "vfio/address_space.h"
#include "vfio/function.h"

#include <memory>

namespace vfio
{

// What sort of loads and stores a mapping makes. combining: stores may wait in the CPU to travel
// together, which only sysfs offers, of prefetchable BARs (resourceN_wc).
enum class Caching { none, combining };

class HeldBar
{
public:
	// space: only a provider on vfio-pci needs it. Errors as AddressSpace::take() and
	// Function::view(); for sysfs EACCES, P2P_CLAIMED (a driver has the BAR and the kernel
	// refuses it), P2P_BUSY.
	HeldBar(AddressSpace *space, const pci::Function &provider, const pci::Bar &bar,
		Caching caching = Caching::none);

	// Of the provider; 0 to 5.
	const std::string &name() const { return name_; }
	int index() const { return index_; }

	// 'vfio' or 'sysfs'.
	const char *access() const { return function_ ? "vfio" : "sysfs"; }
	const sys::View &view() const { return view_; }
	pci::BusAddress busAddress() const { return busAddress_; }
	// Configuration space as this access shows it; the whole of it through VFIO.
	pci::Config config() const;
	// The function, where the access is vfio; else nullptr.
	const Function *function() const { return function_.get(); }

private:
	void holdThroughVfio(AddressSpace &space, const pci::Function &provider);
	void holdThroughSysfs(const pci::Function &provider, Caching caching);

	std::string name_;
	int index_;
	std::shared_ptr<Function> function_;
	sys::Fd resource_;
	sys::View view_;
	pci::Config sysfsConfig_;
	pci::BusAddress busAddress_;
};

}
