// SPDX-License-Identifier: MIT
#include "sys/private_folder.h"

#include "sys/clock.h"
#include "sys/error.h"
#include "sys/stop.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>

namespace sys
{

static Error unsafe(const std::string &path)
{
	return Error("P2P_UNSAFE_FOLDER", path + " is not this user's alone", {{"path", path}});
}

static void checkOwner(const Fd &fd)
{
	struct stat status;
	check(fstat(fd.number(), &status), "fstat", fd.path());
	if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
		throw unsafe(fd.path());
}

static Fd step(const Fd &from, const std::string &name, mode_t mode)
{
	const std::string path = from.path() + "/" + name;
	if (mkdirat(from.number(), name.c_str(), mode) < 0 && errno != EEXIST)
		throw Error::fromErrno("mkdir", path);

	Fd fd(openat(from.number(), name.c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), path);
	if (!fd.isOpen()) {
		if (errno == ELOOP || errno == ENOTDIR)
			throw unsafe(path);
		throw Error::fromErrno("open", path);
	}
	checkOwner(fd);
	return fd;
}

PrivateFolder PrivateFolder::open(const std::string &base, const std::vector<std::string> &steps,
				  Readers readers)
{
	const mode_t last = readers == Readers::everybody ? 0755 : 0700;
	auto fd = Fd::open(base, O_DIRECTORY);
	for (size_t i = 0; i < steps.size(); i++)
		fd = step(fd, steps[i], i + 1 == steps.size() ? last : 0755);
	return PrivateFolder(std::move(fd), readers);
}

PrivateFolder PrivateFolder::openToWork(const std::string &base, const std::string &program,
					const std::stop_token &stop)
{
	constexpr int attempts = 100;
	constexpr uint64_t tenthOfSecond = 100'000'000;
	auto folder = open(base, {"p2putils", program});

	for (int i = 0; !folder.tryLock(); i++) {
		if (i == attempts)
			throw Error("P2P_WORK_BUSY", "another p2p-" + program + " is at work",
				    {{"name", "p2p-" + program}, {"path", folder.fd_.path()}});
		checkStop(stop);
		pause(tenthOfSecond);
	}
	return folder;
}

std::optional<std::string> PrivateFolder::read(const std::string &name) const
{
	const Fd file(openat(fd_.number(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC),
		      pathOf(name));
	if (!file.isOpen()) {
		if (errno == ENOENT)
			return std::nullopt;
		if (errno == ELOOP)
			throw unsafe(file.path());
		throw Error::fromErrno("open", file.path());
	}
	checkOwner(file);

	std::string text;
	std::array<char, 4096> chunk;
	while (const auto length = check(::read(file.number(), chunk.data(), chunk.size()), "read",
					 file.path()))
		text.append(chunk.data(), static_cast<size_t>(length));
	return text;
}

void PrivateFolder::write(const std::string &name, const std::string &text) const
{
	// A crash may have left the draft behind.
	const std::string draft = "." + name;
	unlinkat(fd_.number(), draft.c_str(), 0);

	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const mode_t mode = readers_ == Readers::everybody ? 0644 : 0600;
	const Fd file(
		check(openat(fd_.number(), draft.c_str(), flags, mode), "open", pathOf(draft)),
		pathOf(draft));
	file.writeAt(0, std::as_bytes(std::span(text)));
	file.flush();
	check(renameat(fd_.number(), draft.c_str(), fd_.number(), name.c_str()), "rename",
	      pathOf(name));
}

void PrivateFolder::remove(const std::string &name) const
{
	if (unlinkat(fd_.number(), name.c_str(), 0) < 0 && errno != ENOENT)
		throw Error::fromErrno("unlink", pathOf(name));
}

}
