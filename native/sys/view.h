// SPDX-License-Identifier: MIT
// Memory that this process sees through mmap(2); it is unmapped when the object ends.
#pragma once

#include "sys/fd.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace sys
{

class View
{
public:
	View() = default;
	// A shared, writable view of a file from offset on. Its address is congruent to the size
	// (up to 1 GiB), so that the kernel can use huge page-table entries for a BAR.
	static View ofFile(const Fd &file, uint64_t offset, size_t size);
	// The same, not to be written to; its address is the kernel's choice.
	static View ofFileToRead(const Fd &file, uint64_t offset, size_t size);
	// Zeroed anonymous memory, shared and populated, for queues and staging.
	static View ofMemory(size_t size);

	View(View &&other) noexcept;
	View &operator=(View &&other) noexcept;
	~View();

	std::byte *data() const { return data_; }
	size_t size() const { return size_; }
	std::span<std::byte> bytes() const { return {data_, size_}; }

private:
	View(std::byte *data, size_t size) : data_(data), size_(size) {}

	std::byte *data_ = nullptr;
	size_t size_ = 0;
};

size_t pageSize();

}
