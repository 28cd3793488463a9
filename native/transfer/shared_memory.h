// SPDX-License-Identifier: MIT
// Host memory that other programs can share: a memfd of whole pages, and this process's view of
// it.
#pragma once

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/process.h"
#include "sys/view.h"

namespace transfer
{

struct SharedMemory {
	// size in bytes, rounded up to whole pages. Error P2P_MEMORY where there is not so much:
	// pinning it would have the kernel end somebody.
	explicit SharedMemory(uint64_t size) : file(sys::memoryFile("p2p-map"))
	{
		const uint64_t page = sys::pageSize();
		const uint64_t whole = (size + page - 1) / page * page;
		const auto available = sys::availableBytes();
		if (available && whole > *available)
			throw sys::Error("P2P_MEMORY", "not so much memory is available",
					 {{"needed", std::to_string(whole)},
					  {"limit", std::to_string(*available)}});
		file.resize(whole);
		view = sys::View::ofFile(file, 0, whole);
	}

	sys::Fd file;
	sys::View view;
};

}
