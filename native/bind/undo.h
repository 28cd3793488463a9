// SPDX-License-Identifier: MIT
// What was before: one small file a function in /run/p2putils/bind, written before the first
// change and removed when all is as it was. /run does not outlive a boot, and neither do drivers.
#pragma once

#include "bind/state.h"
#include "pci/machine.h"
#include "sys/private_folder.h"

#include <optional>
#include <string>

namespace bind
{

class UndoBook
{
public:
	// Waits for another p2p-bind up to ten seconds, then Error P2P_BIND_BUSY.
	explicit UndoBook(const std::string &root);

	// nullopt where nothing was kept, or for another function that stood in this place.
	std::optional<State> find(const pci::Function &function) const;
	void keep(const pci::Function &function, const State &state) const;
	void drop(const pci::Function &function) const;

private:
	sys::PrivateFolder folder_;
};

}
