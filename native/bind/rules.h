// SPDX-License-Identifier: MIT
// What makes a binding last: one udev rule a function, in a file of its own that also says what was
// before the first of our changes, so that --restore finds it after a boot. It names the function
// by its way through the bridges and by its ids: neither a twin nor another card in its slot is
// caught.
#pragma once

#include "bind/state.h"
#include "pci/machine.h"

#include <optional>
#include <string>

namespace bind
{

struct Rule {
	pci::Bdf bdf;
	std::string path;
	std::string text;
	bool isInstalled = false;
};

class Rules
{
public:
	explicit Rules(std::string root) : root_(std::move(root)) {}

	static std::string pathOf(const pci::Function &function);
	static std::string textOf(const pci::Function &function, const std::string &driverOverride,
				  const State &before);

	// Is there a rule of ours in that place? Anybody may ask.
	bool isThere(const pci::Function &function) const;

	// What was before, from a rule that only the superuser can have written; nullopt where
	// there is none, or for another function in its place.
	std::optional<State> find(const pci::Function &function) const;

	// Error P2P_FOREIGN_FILE {path} where the place holds a file that is not ours,
	// P2P_UNSAFE_FOLDER {path} where it is a link or others can change it.
	void requirePlace(const pci::Function &function) const;

	// The text in that place; nullopt where there is none.
	std::optional<std::string> read(const pci::Function &function) const;
	void install(const pci::Function &function, const std::string &text) const;
	void remove(const pci::Function &function) const;

	// The same as a person would type it.
	std::string installing(const Rule &rule) const;
	static std::string removing(const pci::Function &function);

private:
	std::string root_;
};

}
