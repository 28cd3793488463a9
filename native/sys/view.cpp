// SPDX-License-Identifier: MIT
#include "sys/view.h"

#include "sys/error.h"

#include <algorithm>
#include <bit>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace sys
{

static std::byte *reserveAligned(size_t size, size_t alignment)
{
	const size_t spread = size + alignment;
	void *place = mmap(nullptr, spread, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			   -1, 0);
	if (place == MAP_FAILED)
		throw Error::fromErrno("mmap", "address space");

	const auto start = reinterpret_cast<uintptr_t>(place);
	const uintptr_t aligned = (start + alignment - 1) / alignment * alignment;
	if (aligned > start)
		munmap(place, aligned - start);
	if (start + spread > aligned + size)
		munmap(reinterpret_cast<void *>(aligned + size), start + spread - aligned - size);
	return reinterpret_cast<std::byte *>(aligned);
}

// Smaller ones gain nothing by an address of our choice, and io_uring's allow none.
static constexpr size_t hugePage = 2 << 20;

View View::ofFile(const Fd &file, uint64_t offset, size_t size)
{
	const size_t length = (size + pageSize() - 1) / pageSize() * pageSize();
	const size_t alignment = std::clamp(std::bit_floor(length), pageSize(), size_t{1} << 30);
	std::byte *place = length < hugePage ? nullptr : reserveAligned(length, alignment);
	void *data =
		mmap(place, length, PROT_READ | PROT_WRITE, MAP_SHARED | (place ? MAP_FIXED : 0),
		     file.number(), static_cast<off_t>(offset));
	if (data == MAP_FAILED) {
		const auto error = Error::fromErrno("mmap", file.path());
		if (place)
			munmap(place, length);
		throw error;
	}
	return View(static_cast<std::byte *>(data), length);
}

View View::ofFileToRead(const Fd &file, uint64_t offset, size_t size)
{
	void *data = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.number(),
			  static_cast<off_t>(offset));
	if (data == MAP_FAILED)
		throw Error::fromErrno("mmap", file.path());
	return View(static_cast<std::byte *>(data), size);
}

View View::ofMemory(size_t size)
{
	void *data = mmap(nullptr, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (data == MAP_FAILED)
		throw Error::fromErrno("mmap", "memory");
	return View(static_cast<std::byte *>(data), size);
}

View::View(View &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0))
{
}

View &View::operator=(View &&other) noexcept
{
	std::swap(data_, other.data_);
	std::swap(size_, other.size_);
	return *this;
}

View::~View()
{
	if (data_)
		munmap(data_, size_);
}

size_t pageSize()
{
	static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
	return size;
}

}
