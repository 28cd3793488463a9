// SPDX-License-Identifier: MIT
// Memory of a function that the CPU alone works with: no client, no verdict.
#pragma once

#include "transfer/hold.h"

namespace transfer
{

using vfio::Caching;

// Bytes, where nobody says how many are to be tried.
constexpr uint64_t usualMost = 16 << 20;

class CpuMemory
{
public:
	struct Need {
		// Bytes that must be there, whole units; 0 is for all from the place's offset on,
		// at most so many.
		uint64_t length = 0;
		uint64_t unit = 1;
		uint64_t most = UINT64_MAX;
	};
	// Errors of findMemory(), HeldMemory and requireUsable(); P2P_RANGE, P2P_UNALIGNED.
	CpuMemory(const pci::Machine &machine, const Place &place, const Permission &permission,
		  const Need &need, Caching caching = Caching::none);

	const HeldMemory &held() const { return *held_; }
	const std::string &access() const { return access_; }
	std::span<std::byte> bytes() const { return held_->bytes(length_); }
	// Error P2P_GONE, P2P_BAR_DISABLED where nobody answers.
	void requireAnswer() const;

private:
	std::string access_;
	std::unique_ptr<vfio::AddressSpace> space_;
	std::optional<HeldMemory> held_;
	uint64_t length_ = 0;
};

}
