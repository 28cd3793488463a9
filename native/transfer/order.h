// SPDX-License-Identifier: MIT
// What the user asked for: two ends, and how.
#pragma once

#include "route/clearance.h"
#include "sys/video.h"

#include <cstdint>
#include <optional>
#include <string>

namespace transfer
{

enum class Verify { full, sample, none };

// block: a namespace that the kernel's driver has, /dev/nvmeXnY. p2pmem: the kernel's pool of a
// function's memory; it only lies between two ends. video: a capture card, /dev/videoN, which is
// only read; screen: a display, /dev/dri/cardN, which only shows what such a card gives.
enum class PlaceKind { nameSpace, bar, cmb, pmr, file, stream, block, p2pmem, video, screen };

// One end of a copy, as the user named it.
struct Place {
	PlaceKind kind = PlaceKind::bar;
	// A function: bdf, kernel path or kernel name. Or a path; '' of a stream is stdin, stdout.
	std::string name;
	int index = 0; // nsN, barN
	uint64_t offset = 0;

	bool isMemory() const
	{
		return kind == PlaceKind::bar || kind == PlaceKind::cmb || kind == PlaceKind::pmr;
	}
	bool isFile() const { return kind == PlaceKind::file || kind == PlaceKind::stream; }
	bool isVideo() const { return kind == PlaceKind::video; }
	bool isScreen() const { return kind == PlaceKind::screen; }
};

// What the user allows beyond the verdict.
struct Permission {
	route::Allowed verdict;
	bool registerBar = false; // --allow register-bar
	bool driverOwned = false; // --allow driver-owned
};

// Of a capture card: what is left out stays as the card has it.
struct Pictures {
	sys::VideoFormat format{}; // fourcc, width and height
	uint64_t count = 0;        // frames; 0: until a stop is asked for, or TO is full
};

struct Order {
	Place from, to;
	std::optional<Place> via; // memory between two media: bar, cmb, pmr or p2pmem
	std::string engine;       // function that carries from memory to memory; '': none
	bool isStaged = false;    // through host memory, at the user's word
	// Bytes of each load and store that the CPU makes in a BAR, which may be registers then:
	// 1, 2, 4 or 8; 0: as is best for memory.
	size_t width = 0;
	std::optional<uint64_t> length{}; // bytes; all of FROM where left out
	Verify verify = Verify::sample;
	// Seed of data of our own: FROM is overwritten with it first, and TO compared with it.
	std::optional<uint32_t> pattern{};
	Permission permission{};
	std::string mechanism{}; // of VFIO: 'type1' or 'iommufd'; '': iommufd where it will do
	bool overwriteSignature = false;
	Pictures pictures{};
	unsigned queues = 2;
	unsigned depth = 64;
	uint64_t timeoutNs = 30'000'000'000;
};

}
