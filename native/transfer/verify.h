// SPDX-License-Identifier: MIT
// Proof that the bytes arrived. A device can report success for bytes that never did, so the
// destination is poisoned before the copy and looked at afterwards: both ends are read over a way
// that the copy did not take (a medium into host memory, a BAR by the CPU), and compared by
// position.
#pragma once

#include "transfer/diagnosis.h"
#include "transfer/plan.h"
#include "transfer/side.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace transfer
{

// How the copy is made, for choosing what to look at.
struct Shape {
	uint64_t length = 0;
	size_t blockSize = 1; // bytes that can be read by themselves at either end
	size_t requestSize = 0;
	unsigned queues = 1;
	bool isStream = false; // the source cannot be read again but for its last window
};

class Proof
{
public:
	static constexpr uint64_t largestWindow = 64 << 20;

	Proof(Side &source, Side &destination, const Shape &shape, Verify mode);

	// The copy is to be proved in windows of this many bytes.
	uint64_t windowSize() const;

	// Overwrites what is going to be looked at, and looks that it did. offset, length: the
	// window, in bytes from the start of the copy.
	std::optional<Mismatch> poison(uint64_t offset, uint64_t length);
	// Looks at the window after the copy.
	std::optional<Mismatch> check(uint64_t offset, uint64_t length);

	uint64_t checkedBytes() const { return checkedBytes_; }
	// CRC-32C of what was compared, in order: of all bytes; 0 where samples were.
	uint32_t checksum() const { return checksum_; }

private:
	// Blocks that are looked at in one go.
	using Batch = std::vector<Block>;

	std::vector<Batch> samples(uint64_t offset, uint64_t length) const;
	std::vector<Batch> everything(uint64_t offset, uint64_t length) const;
	std::optional<Mismatch> compare(Blocks blocks);
	Mismatch explain(const Block &block, Bytes sent, Bytes got);
	void extend(Mismatch &mismatch, uint64_t end);
	bool isSourceStable(const Block &block, Bytes sent);

	Side &source_;
	Side &destination_;
	Shape shape_;
	Verify mode_;
	Pattern poison_;
	PatternSide poisoned_{poison_};
	uint64_t windowStart_ = 0, windowEnd_ = 0;
	uint64_t checkedBytes_ = 0;
	uint32_t checksum_ = 0;
};

}
