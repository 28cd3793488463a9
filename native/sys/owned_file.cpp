// SPDX-License-Identifier: MIT
#include "sys/owned_file.h"

#include "sys/error.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sys
{

static Error notOwned(const std::string &path, const char *reason)
{
	return Error("P2P_NOT_OWNED", path + " cannot be believed",
		     {{"path", path}, {"reason", reason}});
}

static void requireOwned(const Fd &fd, uid_t owner)
{
	struct stat status;
	check(fstat(fd.number(), &status), "fstat", fd.path());
	if (status.st_uid != owner)
		throw notOwned(fd.path(), "owner");
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		throw notOwned(fd.path(), "writable");
}

// O_PATH asks for no more than what the name stands for, so that neither a pipe nor a device is
// opened before it is known to be a file.
static mode_t kindOf(const Fd &from, const std::string &name, const std::string &path)
{
	const Fd place(check(openat(from.number(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC),
			     "open", path),
		       path);
	struct stat status;
	check(fstat(place.number(), &status), "fstat", path);
	return status.st_mode & S_IFMT;
}

static Fd step(const Fd &from, const std::string &name, mode_t kind)
{
	const std::string path =
		(from.path().ends_with('/') ? from.path() : from.path() + "/") + name;
	const mode_t found = kindOf(from, name, path);
	if (found != kind)
		throw notOwned(path, found == S_IFLNK ? "link" : "kind");
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	return Fd(check(openat(from.number(), name.c_str(), flags), "open", path), path);
}

static std::string readAll(const Fd &file, size_t limit)
{
	std::string text;
	char chunk[65536];

	for (;;) {
		const auto got = static_cast<size_t>(
			check(::read(file.number(), chunk, sizeof chunk), "read", file.path()));
		if (got == 0)
			return text;
		if (got > limit - text.size())
			throw notOwned(file.path(), "size");
		text.append(chunk, got);
	}
}

std::string readOwned(const std::string &base, const std::vector<std::string> &steps, uid_t owner,
		      size_t limit)
{
	auto at = Fd::open(base, O_DIRECTORY);
	requireOwned(at, owner);
	for (size_t i = 0; i < steps.size(); i++) {
		at = step(at, steps[i], i + 1 == steps.size() ? S_IFREG : S_IFDIR);
		requireOwned(at, owner);
	}
	return readAll(at, limit);
}

}
