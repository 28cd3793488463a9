// SPDX-License-Identifier: MIT
// The only writer of p2p-bind: it keeps each change as the shell line a person would type, and in
// a dry run that is all it does.
#pragma once

#include "bind/state.h"
#include "pci/bdf.h"
#include "sys/fd.h"

#include <string>
#include <vector>

namespace bind
{

class Hand
{
public:
	Hand(std::string root, bool isDry) : root_(std::move(root)), isDry_(isDry) {}

	// Brings the function into that state. claims hold its disks against others until its
	// driver has let go; they are closed then. Error P2P_BIND_FAILED {bdf, driver, reason,
	// errno, command}.
	void bring(const pci::Bdf &bdf, const State &to, std::vector<sys::Fd> claims = {});

	// The same from a state that is known, as in a dry run after another change.
	void bring(const pci::Bdf &bdf, const State &from, const State &to,
		   std::vector<sys::Fd> claims);

	// Makes sure that the driver is there; modprobe where it is not. Error P2P_NO_DRIVER.
	void load(const std::string &driver);

	// What another hand does, in its place among the lines.
	void tell(const std::string &command) { commands_.push_back(command); }

	const std::vector<std::string> &commands() const { return commands_; }

private:
	void write(const pci::Bdf &bdf, const std::string &driver, const std::string &path,
		   const std::string &text);
	void verify(const pci::Bdf &bdf, const State &to) const;

	std::string root_;
	bool isDry_;
	std::vector<std::string> commands_;
};

}
