// SPDX-License-Identifier: MIT
// What sort of damage wrong bytes are: from what was sent, what was found, and what had stood there
// before. Costs nothing while all is well.
#pragma once

#include "transfer/pattern.h"
#include "transfer/side.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace transfer
{

struct Mismatch {
	uint64_t offset = 0; // bytes from the start of the copy
	uint64_t length = 0; // of the wrong stretch
	// 'all-ones' unsupported request; 'unchanged' dropped; 'zeros'; 'torn' partly there;
	// 'shifted'; 'stale' of another request's place, or of another run; 'different';
	// 'not-memory' the poison did not stick; 'memory-off'; 'guard' bytes beside the
	// destination changed; 'faulted' the IOMMU refused requests and not every byte was looked
	// at.
	std::string kind{};
	bool isSourceUnstable = false; // two reads of the source differ: nothing is proved
	bool isAtSource = false;       // the source does not hold our own data either
	// 'shifted', 'stale': bytes by which the data stands behind its place (negative: before).
	std::optional<int64_t> by{};
	// 'torn': where what arrived and what did not meet.
	std::optional<uint64_t> boundary{};
	// 'stale': of the pattern that the data is of.
	std::optional<uint32_t> seed{};
};

// What of the source can be read, bytes from the start of the copy.
struct Reach {
	uint64_t start = 0;
	uint64_t end = 0;
	size_t blockSize = 1;
	size_t requestSize = 1;
};

class Diagnosis
{
public:
	// poison: what the destination held before, where it was poisoned.
	Diagnosis(Side &source, const Reach &reach, const Pattern &poison)
	    : source_(source), reach_(reach), poison_(poison)
	{
	}

	// The first wrong stretch of a block at that offset; sent and got differ, and are as long.
	// The source is read again for it.
	Mismatch explain(uint64_t offset, Bytes sent, Bytes got);

private:
	struct Stretch {
		size_t first, end; // in the block
	};

	Stretch widen(Stretch stretch) const;
	size_t snap(size_t low, size_t high) const;
	bool isUnchanged(size_t at) const { return got_[at] == before_[at]; }
	void findTear(const Stretch &stretch, Mismatch &mismatch) const;
	std::optional<int64_t> displacement(const Stretch &stretch);
	std::optional<int64_t> near(const Stretch &stretch, Bytes probe, uint64_t position);
	std::optional<int64_t> far(const Stretch &stretch, Bytes probe, uint64_t position);
	Bytes readSource(uint64_t start, uint64_t end);
	bool isFrom(const Stretch &stretch, int64_t by);

	Side &source_;
	Reach reach_;
	const Pattern &poison_;
	uint64_t offset_ = 0;
	std::vector<std::byte> sent_, got_, before_, nearby_;
};

}
