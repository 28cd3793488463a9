// SPDX-License-Identifier: MIT
// The only writer of ACS registers. Each change is kept as the shell line a person would type, and
// in a dry run that is all that happens.
#pragma once

#include "pci/machine.h"

#include <cstdint>
#include <string>
#include <vector>

namespace acs
{

class Hand
{
public:
	explicit Hand(bool isDry) : isDry_(isDry) {}

	// The machine was read a moment ago: has another hand been here since? Error P2P_ACS_FAILED
	// {reason: 'changed'}.
	void requireUnchanged(const pci::Function &port, uint16_t before) const;
	// Writes PCI_ACS_CTRL and reads it back. Error P2P_ACS_FAILED {bdf, reason: 'kept' or what
	// the system says, wanted, got}, P2P_LOCKDOWN.
	void write(const pci::Function &port, uint16_t before, uint16_t after);
	// Whatever it is now.
	void putBack(const pci::Function &port, uint16_t control);

	const std::vector<std::string> &commands() const { return commands_; }

private:
	void store(const pci::Function &port, uint16_t now, uint16_t control);

	bool isDry_;
	std::vector<std::string> commands_;
};

// Does the kernel let anybody write configuration space? Error P2P_LOCKDOWN {what, level,
// secureBoot}.
void requireWritable();

}
