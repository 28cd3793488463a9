// SPDX-License-Identifier: MIT
// The story of p2p-copy: may it pass? take both ends; open the window; poison, move, look; give
// everything back.
#pragma once

#include "device/video.h"
#include "sys/stop.h"
#include "transfer/fence.h"
#include "transfer/plan.h"
#include "transfer/verify.h"
#include "transfer/witness.h"

#include <functional>

namespace transfer
{

struct Progress {
	const char *phase = "copy"; // or 'verify', 'fill', 'check'
	uint64_t bytes = 0;
	uint64_t total = 0; // 0: not known, a stream
};

// What was done; sizes in bytes, times in nanoseconds.
struct Report {
	// Peer memory that functions reached into; nullopt where there was none.
	std::optional<pci::Iova> iova{};
	bool isIdentity = false;
	size_t blockSize = 0;
	size_t requestSize = 0;
	unsigned queues = 0, depth = 0;
	uint64_t length = 0;
	uint64_t bytes = 0;
	uint64_t requests = 0;
	uint64_t copyNs = 0;
	uint64_t verifiedBytes = 0;
	uint64_t verifyNs = 0;
	std::optional<uint32_t> checksum{}; // CRC-32C of all bytes, where all were compared
	std::optional<Mismatch> mismatch{};
	std::vector<Testimony> witnesses{};     // what others noticed meanwhile
	bool isDeaf = false;                    // and the IOMMU's word could not be heard
	std::optional<device::Frames> frames{}; // of a capture card
};

// What was noticed besides, once all is moved: beside the destination, and by others. Where not
// every byte was compared, a refused request is a mismatch.
void conclude(Report &report, const Fence &fence, const Witness &witness, Verify mode);

// Errors: those of vfio, device and guard; a mismatch is an answer, not an Error.
Report copy(const pci::Machine &machine, const Plan &plan, const sys::Stop &stop,
	    const std::function<void(Progress)> &tell);

}
