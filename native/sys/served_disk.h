// SPDX-License-Identifier: MIT
// A block device of the kernel's whose requests this process answers: by ublk (ublk.cpp), or by
// nbd over a pair of sockets (nbd.cpp). Whoever made it serves it, from the same thread.
#pragma once

#include "sys/fd.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace sys
{

struct DiskShape {
	static constexpr uint64_t blockSize = 512;

	uint64_t size = 0; // bytes, whole blocks
	bool isReadOnly = false;
};

// What the kernel asks of a disk.
struct Ask {
	// flush: what was written before stays, whatever comes.
	enum class Sort { read, write, flush } sort = Sort::read;
	uint64_t offset = 0;          // bytes; the range lies in the disk
	std::span<std::byte> bytes{}; // to be filled, or to be written
};

// 0, or errno's number.
using Answer = std::function<int(const Ask &)>;

class ServedDisk
{
public:
	// Has the kernel remove the disk. Whoever has it open gets EIO from then on.
	virtual ~ServedDisk() = default;

	// /dev/….
	virtual const std::string &path() const = 0;
	// Answers what has been asked, then waits for more: until something comes, counter is
	// raised, or the time is up; milliseconds. False when the kernel has the disk no more.
	virtual bool serve(const Fd &counter, int timeout) = 0;
};

// May this process make a disk? The driver's module is loaded where it is not there.
// Errors with errno's name; P2P_NO_DISK_DRIVER {driver} where the kernel has none.
void requireUblk();
void requireNbd();

// Both return once the disk is there. Errors as above, and P2P_NO_DISK_DRIVER where none is free.
// ublk: from Linux 6.4. Removes the disks of servers like this one that were killed.
std::unique_ptr<ServedDisk> serveByUblk(const DiskShape &shape, Answer answer);
std::unique_ptr<ServedDisk> serveByNbd(const DiskShape &shape, Answer answer);

}
