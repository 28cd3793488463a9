// SPDX-License-Identifier: MIT
// What was before: one small file a function in a folder below /run/p2putils, written before the
// first change and removed when all is as it was. /run does not outlive a boot, and neither does
// what the programs change.
#pragma once

#include "pci/machine.h"
#include "sys/private_folder.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bind
{

// A function's ids: its place may hold another device after a hot plug.
std::string identityOf(const pci::Function &function);
// Lines of 'name=value', each behind the prefix; others are left out.
std::map<std::string, std::string> parseValues(const std::string &text,
					       const std::string &prefix = "");

class Records
{
public:
	using Values = std::map<std::string, std::string>;

	// The folder /run/p2putils/PROGRAM. Waits for another p2p-PROGRAM up to ten seconds, then
	// Error P2P_WORK_BUSY {name, path}.
	Records(const std::string &root, const std::string &program);

	// To look only: without waiting, and nullopt where there is nothing that could be
	// believed, or not for this user.
	static std::optional<Records> peek(const std::string &root, const std::string &program);

	// nullopt where nothing was kept, or for another function that stood in this place.
	std::optional<Values> find(const pci::Function &function) const;
	void keep(const pci::Function &function, const Values &values) const;
	void drop(const pci::Function &function) const;

private:
	explicit Records(sys::PrivateFolder folder) : folder_(std::move(folder)) {}

	sys::PrivateFolder folder_;
};

}
