// SPDX-License-Identifier: MIT
// What p2p-target has made, in a folder below /run/p2putils: a file a subsystem, written before
// the first change. Neither /run nor configfs outlives a boot.
#pragma once

#include "sys/private_folder.h"
#include "target/step.h"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace target
{

class Records
{
public:
	// Waits for another p2p-target up to ten seconds, then Error P2P_WORK_BUSY {name, path}.
	// Error P2P_STOPPED.
	explicit Records(const std::string &root, const std::stop_token &stop = {});
	// To look only: nullopt where there is nothing that could be believed, or not for this
	// user.
	static std::optional<Records> peek(const std::string &root);

	std::vector<std::string> names() const;
	std::optional<Steps> find(const std::string &nqn) const;
	void keep(const std::string &nqn, const Steps &steps) const;
	void drop(const std::string &nqn) const;
	// Is the folder among what was made?
	bool hasMade(const std::string &folder) const;

private:
	Records(std::string path, sys::PrivateFolder folder)
	    : path_(std::move(path)), folder_(std::move(folder))
	{
	}

	std::string path_;
	sys::PrivateFolder folder_;
};

}
