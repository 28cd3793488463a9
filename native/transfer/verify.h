// SPDX-License-Identifier: MIT
// Proof that the bytes arrived. A device can report success for bytes that never did, so the
// destination is poisoned before the copy and looked at afterwards: the medium is read back into
// host memory, the BAR is read by the CPU, and the two are compared by position.
#pragma once

#include "device/client.h"
#include "transfer/move.h"
#include "transfer/plan.h"
#include "vfio/host.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace transfer
{

struct Mismatch {
	uint64_t offset = 0; // bytes from the start of the copy
	uint64_t length = 0; // of the wrong stretch
	// 'all-ones' unsupported request; 'unchanged' dropped; 'zeros'; 'shifted'; 'torn' partly
	// there; 'not-memory' the poison did not stick; 'memory-off'; 'different'.
	std::string kind;
	bool isSourceUnstable = false; // two reads of the source differ: nothing is proved
};

class Proof
{
public:
	// whole: the copy; bar: the CPU's view of the BAR's part in it.
	Proof(device::Client &client, const vfio::Container &container, vfio::IovaPlan &plan,
	      const Span &whole, std::span<std::byte> bar, Verify mode, size_t requestSize);

	// The copy is to be proved in windows of this many bytes.
	uint64_t windowSize() const;

	// Overwrites what is going to be looked at, and looks that it did. offset, length: the
	// window, in bytes from the start of the copy.
	std::optional<Mismatch> poison(uint64_t offset, uint64_t length);
	// Looks at the window after the copy.
	std::optional<Mismatch> check(uint64_t offset, uint64_t length);

	uint64_t checkedBytes() const { return checkedBytes_; }

private:
	struct Block {
		uint64_t offset;
		size_t length;
	};

	std::vector<Block> samples(uint64_t offset, uint64_t length) const;
	std::vector<Block> blocks(uint64_t offset, uint64_t length) const;
	std::span<const std::byte> readMedium(const Block &block, bool isSecond = false);
	void writeMedium(const Block &block);
	void poisonBlock(const Block &block);
	bool isPoisoned(const Block &block);
	std::optional<Mismatch> compare(const Block &block);
	Mismatch explain(const Block &block, std::span<const std::byte> sent,
			 std::span<const std::byte> got, size_t first);
	bool isSourceStable(const Block &block, std::span<const std::byte> sent);
	std::string kindOf(const Block &block, std::span<const std::byte> sent,
			   std::span<const std::byte> got) const;

	device::Client &client_;
	Span whole_;
	std::span<std::byte> bar_;
	Verify mode_;
	size_t requestSize_;
	uint64_t salt_;
	vfio::HostWindow staging_;
	device::Target stagingTarget_;
	std::vector<std::byte> barCopy_;
	uint64_t checkedBytes_ = 0;
};

}
