// SPDX-License-Identifier: MIT
// A dma-buf: memory by a descriptor that drivers import (Documentation/driver-api/dma-buf.rst).
#pragma once

#include "sys/fd.h"

#include <cstdint>
#include <string>

namespace sys
{

class DmaBuf
{
public:
	// A descriptor that its exporter made.
	explicit DmaBuf(Fd fd);
	// Host memory of a memfd as a dma-buf, by /dev/udmabuf: offset and size in whole pages. The
	// memfd is sealed against shrinking. Error P2P_NO_UDMABUF, or errno's name.
	static DmaBuf ofMemory(const Fd &memory, uint64_t offset, uint64_t size);

	int number() const { return fd_.number(); }
	uint64_t size() const { return size_; }
	// The module that made it: 'vfio_pci_core', 'udmabuf'; '' where the kernel does not say.
	const std::string &exporter() const { return exporter_; }

private:
	Fd fd_;
	uint64_t size_ = 0;
	std::string exporter_;
};

}
