// SPDX-License-Identifier: MIT
#include "vfio/bar.h"

#include "pci/usage.h"
#include "sys/error.h"
#include "sys/lockdown.h"

#include <fcntl.h>

namespace vfio
{

using sys::Error;

HeldBar::HeldBar(AddressSpace *space, const pci::Function &provider, const pci::Bar &bar,
		 Caching caching)
    : name_(provider.bdf.name()), index_(bar.index), sysfsConfig_(provider.config),
      busAddress_(bar.busAddress.value_or(pci::BusAddress{}))
{
	if (provider.driver == "vfio-pci" && space)
		holdThroughVfio(*space, provider);
	else
		holdThroughSysfs(provider, caching);
}

void HeldBar::holdThroughVfio(AddressSpace &space, const pci::Function &provider)
{
	function_ = space.take(provider);
	view_ = function_->view(index_);
}

void HeldBar::holdThroughSysfs(const pci::Function &provider, Caching caching)
{
	const auto name = std::to_string(index_);
	const auto path = provider.folder + "/resource" + name;
	resource_ = sys::Fd::open(path, O_RDWR);
	const Error::Facts facts{{"bdf", name_}, {"bar", name}};

	if (!resource_.tryLock())
		throw pci::busy("P2P_BUSY", provider, facts);
	try {
		const auto size = provider.bar(index_)->size;
		view_ = caching == Caching::none
				? sys::View::ofFile(resource_, 0, size)
				: sys::View::ofFile(sys::Fd::open(path + "_wc", O_RDWR), 0, size);
	} catch (const Error &error) {
		// CONFIG_IO_STRICT_DEVMEM: a region that a driver has requested is exclusive.
		if (error.code == "EINVAL")
			throw Error("P2P_CLAIMED", error.what(), facts);
		throw error.code == "EPERM" ? sys::lockedDown("bar") : error;
	}
}

pci::Config HeldBar::config() const
{
	return function_ ? function_->config() : sysfsConfig_;
}

}
