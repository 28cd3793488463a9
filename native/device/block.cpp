// SPDX-License-Identifier: MIT
#include "device/block.h"

#include "pci/usage.h"
#include "sys/clock.h"
#include "sys/error.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <utility>

namespace device
{

using sys::Error;

static constexpr uint64_t drainTimeout = 30'000'000'000; // as the kernel's own for one command
// Where somebody waits for the end of the program: the kernel keeps the memory until it is done.
static constexpr uint64_t hastyTimeout = 500'000'000;

// Users whom nothing in sysfs names, as a journal's file system, keep a disk to themselves.
static sys::Fd openDisk(const std::string &path, bool isForWriting)
{
	try {
		return sys::Fd::open(path, O_DIRECT | (isForWriting ? O_RDWR | O_EXCL : O_RDONLY));
	} catch (const Error &error) {
		throw error.code == "EBUSY" ? pci::inUse({{"claimed", {{"device", path}}}}) : error;
	}
}

Block::Block(const std::string &path, bool isForWriting, unsigned depth)
    : fd_(openDisk(path, isForWriting)), depth_(std::bit_floor(std::min(depth, 256u))),
      ring_(depth_), lengths_(depth_), tags_(depth_)
{
	int logical = 0;
	if (fd_.tryIoctl(BLKSSZGET, &logical) != 0)
		throw Error("P2P_NO_BLOCK", path + " is no block device", {{"path", path}});
	fd_.ioctl(BLKGETSIZE64, &size_, "BLKGETSIZE64");
	blockSize_ = static_cast<size_t>(logical);
	for (uint32_t i = 0; i < depth_; i++)
		free_.push_back(i);
}

// Memory may go only once the kernel is done with it.
Block::~Block()
{
	const bool isHasty = limits().stop.stop_requested();
	sys::Patience patience(isHasty ? hastyTimeout : drainTimeout);
	try {
		ring_.submit();
		while (ring_.underWay() > 0 && (ring_.pop() || patience.turn())) {
		}
	} catch (const Error &) {
		// Closing the ring cancels what is left, and waits for it.
	}
}

bool Block::start(const Request &request)
{
	if (free_.empty())
		return false;
	const uint32_t slot = free_.back();
	const auto memory = targetOf(request).bytes.subspan(request.offset, request.length);
	if (!ring_.push(request.direction == Direction::toMedium, fd_.number(), memory,
			request.medium, slot))
		return false;
	free_.pop_back();
	tags_[slot] = request.tag;
	lengths_[slot] = request.length;
	return true;
}

void Block::requireWhole(const sys::Uring::Completion &completion) const
{
	if (completion.result == static_cast<int>(lengths_[completion.tag]))
		return;
	errno = completion.result < 0 ? -completion.result : EIO;
	throw Error::fromErrno("io_uring", fd_.path());
}

size_t Block::poll(std::span<uint32_t> finished)
{
	size_t count = 0;

	if (failure_)
		throw *std::exchange(failure_, std::nullopt);
	ring_.submit();
	while (count < finished.size() && !failure_) {
		const auto completion = ring_.pop();
		if (!completion)
			break;
		try {
			requireWhole(*completion);
			free_.push_back(static_cast<uint32_t>(completion->tag));
			finished[count++] = tags_[completion->tag];
		} catch (const Error &error) {
			failure_ = error;
		}
	}
	if (failure_ && count == 0)
		throw *std::exchange(failure_, std::nullopt);
	return count;
}

std::vector<uint32_t> Block::unfinished() const
{
	std::vector<uint32_t> tags;
	for (uint32_t slot = 0; slot < depth_; slot++)
		if (std::ranges::find(free_, slot) == free_.end())
			tags.push_back(tags_[slot]);
	return tags;
}

void Block::flush()
{
	fd_.flush();
}

}
