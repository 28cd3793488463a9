// SPDX-License-Identifier: MIT
// A folder of small files that nobody but this user may change, for what must survive a crash and
// must not be forged. No link is followed on the way to it or in it.
#pragma once

#include "sys/fd.h"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace sys
{

// Who else may read what is made.
enum class Readers { nobody, everybody };

class PrivateFolder
{
public:
	// Walks from base along steps and makes what is missing, the last step for these readers.
	// Error P2P_UNSAFE_FOLDER (facts: path) where a step is a link, belongs to another user
	// or can be changed by one.
	static PrivateFolder open(const std::string &base, const std::vector<std::string> &steps,
				  Readers readers = Readers::nobody);

	// The folder p2putils/PROGRAM below base, for one p2p-PROGRAM at a time: waits for another
	// up to ten seconds, then Error P2P_WORK_BUSY {name, path}. Error P2P_STOPPED.
	static PrivateFolder openToWork(const std::string &base, const std::string &program,
					const std::stop_token &stop = {});

	// flock(2), exclusive, without waiting; held until the object ends.
	bool tryLock() const { return fd_.tryLock(); }

	// nullopt where there is no such file; P2P_UNSAFE_FOLDER where it is not ours alone.
	std::optional<std::string> read(const std::string &name) const;
	// The whole text or nothing, whenever the process ends.
	void write(const std::string &name, const std::string &text) const;
	// Nothing happens where there is no such file.
	void remove(const std::string &name) const;

private:
	PrivateFolder(Fd fd, Readers readers) : fd_(std::move(fd)), readers_(readers) {}

	std::string pathOf(const std::string &name) const { return fd_.path() + "/" + name; }

	Fd fd_;
	Readers readers_;
};

}
