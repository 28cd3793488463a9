// SPDX-License-Identifier: MIT
#include "vfio/function.h"

#include "sys/error.h"
#include "vfio/uapi.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

namespace vfio
{

using sys::Error;

static vfio_region_info regionInfo(const sys::Fd &fd, uint32_t index)
{
	vfio_region_info info = {};

	info.argsz = sizeof info;
	info.index = index;
	fd.ioctl(VFIO_DEVICE_GET_REGION_INFO, &info, "VFIO_DEVICE_GET_REGION_INFO");
	return info;
}

Function::Function(AddressSpace &space, const pci::Function &function)
    : name_(function.bdf.name()), fd_(space.openDevice(function)), stop_(space.stop())
{
	const auto info = regionInfo(fd_, VFIO_PCI_CONFIG_REGION_INDEX);
	configOffset_ = info.offset;
	configSize_ = info.size;
	onStop_.emplace(stop_.asked, [this] { trySilence(); });
}

Function::~Function()
{
	onStop_.reset();
	trySilence();
}

void Function::trySilence() const noexcept
{
	try {
		silence();
	} catch (const Error &) {
		// The function is gone; the kernel clears Bus Master when the descriptor closes.
	}
}

bool Function::isGone() const
{
	// Not the vendor: VFIO answers for that itself (drivers/vfio/pci/vfio_pci_config.c).
	uint32_t classAndRevision = 0xffffffff;
	try {
		fd_.readAt(configOffset_ + PCI_CLASS_REVISION,
			   std::as_writable_bytes(std::span(&classAndRevision, 1)));
	} catch (const Error &) {
	}
	return classAndRevision == 0xffffffff;
}

pci::Config Function::config() const
{
	std::string bytes(configSize_, '\0');
	fd_.readAt(configOffset_, std::as_writable_bytes(std::span(bytes)));
	return pci::Config(std::move(bytes), true);
}

void Function::enable() const
{
	setCommand(0, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void Function::silence() const
{
	setCommand(PCI_COMMAND_MASTER, 0);
}

void Function::setCommand(uint16_t clear, uint16_t set) const
{
	const std::lock_guard guard(command_);
	if (set & PCI_COMMAND_MASTER)
		sys::checkStop(stop_.asked);
	uint16_t command = 0;
	const uint64_t at = configOffset_ + PCI_COMMAND;

	fd_.readAt(at, std::as_writable_bytes(std::span(&command, 1)));
	command = static_cast<uint16_t>((command & ~clear) | set);
	fd_.writeAt(at, std::as_bytes(std::span(&command, 1)));
}

bool Function::reset() const
{
	return fd_.tryIoctl(VFIO_DEVICE_RESET, nullptr) == 0;
}

bool Function::interrupt(int eventfd) const noexcept
{
	uapi::OneEventfd request{.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
				 .index = VFIO_PCI_MSIX_IRQ_INDEX,
				 .fd = eventfd};
	return fd_.tryIoctl(VFIO_DEVICE_SET_IRQS, &request) == 0;
}

uint64_t Function::regionSize(int bar) const
{
	return regionInfo(fd_, static_cast<uint32_t>(bar)).size;
}

sys::View Function::view(int bar) const
{
	const auto info = regionInfo(fd_, static_cast<uint32_t>(bar));

	if (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
		throw Error("VFIO_NO_MMAP", name() + ": this BAR cannot be mapped",
			    {{"bdf", name()}, {"bar", std::to_string(bar)}});
	return sys::View::ofFile(fd_, info.offset, info.size);
}

sys::Fd Function::exportBar(int bar, uint64_t offset, uint64_t length) const
{
	uapi::DmaBufFeature request{.regionIndex = static_cast<uint32_t>(bar),
				    .openFlags = O_RDWR | O_CLOEXEC,
				    .offset = offset,
				    .length = length};
	const int fd = fd_.tryIoctl(VFIO_DEVICE_FEATURE, &request);

	// ENOTTY: the kernel knows no such feature; EOPNOTSUPP: this driver does not.
	if (fd < 0 && (errno == ENOTTY || errno == EOPNOTSUPP))
		throw Error("P2P_NO_DMABUF", name_ + ": no export as a dma-buf",
			    {{"bdf", name_}, {"bar", std::to_string(bar)}});
	return sys::Fd(sys::check(fd, "VFIO_DEVICE_FEATURE_DMA_BUF", name_), "dma-buf of " + name_);
}

}
