// SPDX-License-Identifier: MIT
// Data of our own as a source: it is written over what is there, and computed again to compare
// with.
#pragma once

#include "transfer/diagnosis.h"

#include <functional>
#include <stop_token>

namespace transfer
{

class OwnData
{
public:
	// length: bytes of the source that are overwritten.
	OwnData(Side &source, uint32_t seed, uint64_t length)
	    : source_(source), length_(length), computed_(Pattern(seed, true))
	{
	}

	// What should be there, whatever the source says.
	Side &computed() { return computed_; }
	// Writes it. tell: bytes done. Error P2P_STOPPED.
	void fill(const std::stop_token &stop, const std::function<void(uint64_t)> &tell);
	// Does the source itself, where that is, not hold what was written there?
	bool isSpoiled(const Mismatch &mismatch);

private:
	Side &source_;
	uint64_t length_;
	PatternSide computed_;
};

}
