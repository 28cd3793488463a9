// SPDX-License-Identifier: MIT
#include "sys/dma_buf.h"

#include "sys/error.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sstream>

namespace sys
{

static constexpr const char *udmabufPath = "/dev/udmabuf";

// /proc/self/fdinfo/N has 'size:' and 'exp_name:' lines for a dma-buf.
DmaBuf::DmaBuf(Fd fd) : fd_(std::move(fd))
{
	std::istringstream words(
		readText("/proc/self/fdinfo/" + std::to_string(number())).value_or(""));
	for (std::string name, value; words >> name >> value;) {
		if (name == "size:")
			size_ = strtoull(value.c_str(), nullptr, 10);
		if (name == "exp_name:")
			exporter_ = value;
	}
}

DmaBuf DmaBuf::ofMemory(const Fd &memory, uint64_t offset, uint64_t size)
{
	if (!exists(udmabufPath))
		throw Error("P2P_NO_UDMABUF", "there is no /dev/udmabuf");
	check(fcntl(memory.number(), F_ADD_SEALS, F_SEAL_SHRINK), "F_ADD_SEALS", memory.path());
	const auto device = Fd::open(udmabufPath, O_RDWR);
	udmabuf_create request = {.memfd = static_cast<uint32_t>(memory.number()),
				  .flags = UDMABUF_FLAGS_CLOEXEC,
				  .offset = offset,
				  .size = size};
	return DmaBuf(Fd(device.ioctl(UDMABUF_CREATE, &request, "UDMABUF_CREATE"), "dma-buf"));
}

}
