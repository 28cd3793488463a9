// SPDX-License-Identifier: MIT
#include "vfio/bar.h"

#include "sys/error.h"

#include <fcntl.h>

namespace vfio
{

using sys::Error;

HeldBar::HeldBar(Container *container, const pci::Function &provider, const pci::Bar &bar)
    : sysfsConfig_(provider.config), busAddress_(bar.busAddress.value_or(pci::BusAddress{}))
{
	if (provider.driver == "vfio-pci" && container)
		holdThroughVfio(*container, provider, bar.index);
	else
		holdThroughSysfs(provider, bar.index);
}

void HeldBar::holdThroughVfio(Container &container, const pci::Function &provider, int index)
{
	function_ = container.take(provider);
	view_ = function_->view(index);
}

void HeldBar::holdThroughSysfs(const pci::Function &provider, int index)
{
	const auto name = std::to_string(index);
	resource_ = sys::Fd::open(provider.folder + "/resource" + name, O_RDWR);
	const Error::Facts facts{{"bdf", provider.bdf.name()}, {"bar", name}};

	if (!resource_.tryLock())
		throw Error("P2P_BUSY", "another program uses this BAR", facts);
	try {
		view_ = sys::View::ofFile(resource_, 0, provider.bar(index)->size);
	} catch (const Error &error) {
		// CONFIG_IO_STRICT_DEVMEM: a region that a driver has requested is exclusive.
		throw error.code == "EINVAL" ? Error("P2P_CLAIMED", error.what(), facts) : error;
	}
}

pci::Config HeldBar::config() const
{
	return function_ ? function_->config() : sysfsConfig_;
}

}
