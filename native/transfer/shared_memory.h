// SPDX-License-Identifier: MIT
// Host memory that other programs can share: a memfd of whole pages, and this process's view of
// it.
#pragma once

#include "sys/fd.h"
#include "sys/view.h"

namespace transfer
{

struct SharedMemory {
	// size in bytes, rounded up to whole pages.
	explicit SharedMemory(uint64_t size) : file(sys::memoryFile("p2p-map"))
	{
		const uint64_t page = sys::pageSize();
		const uint64_t whole = (size + page - 1) / page * page;
		file.resize(whole);
		view = sys::View::ofFile(file, 0, whole);
	}

	sys::Fd file;
	sys::View view;
};

}
