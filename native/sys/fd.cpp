// SPDX-License-Identifier: MIT
#include "sys/fd.h"

#include "sys/error.h"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace sys
{

Fd::Fd(int number, std::string path) : number_(number), path_(std::move(path)) {}

Fd Fd::open(const std::string &path, int flags)
{
	return Fd(check(::open(path.c_str(), flags | O_CLOEXEC, 0666), "open", path), path);
}

Fd::Fd(Fd &&other) noexcept
    : number_(std::exchange(other.number_, -1)), path_(std::move(other.path_))
{
}

Fd &Fd::operator=(Fd &&other) noexcept
{
	std::swap(number_, other.number_);
	std::swap(path_, other.path_);
	return *this;
}

Fd::~Fd()
{
	if (isOpen())
		::close(number_);
}

int Fd::ioctl(unsigned long request, void *argument, const char *name) const
{
	return check(::ioctl(number_, request, argument), name, path_);
}

int Fd::ioctl(unsigned long request, unsigned long argument, const char *name) const
{
	return check(::ioctl(number_, request, argument), name, path_);
}

int Fd::tryIoctl(unsigned long request, void *argument) const
{
	return ::ioctl(number_, request, argument);
}

void Fd::readAt(uint64_t offset, std::span<std::byte> into) const
{
	while (!into.empty()) {
		const ssize_t done =
			check(pread(number_, into.data(), into.size(), static_cast<off_t>(offset)),
			      "pread", path_);
		if (done == 0)
			throw Error("EIO", "pread " + path_ + ": end of file",
				    {{"syscall", "pread"},
				     {"path", path_},
				     {"reason", "it is shorter than it was"}});
		offset += static_cast<uint64_t>(done);
		into = into.subspan(static_cast<size_t>(done));
	}
}

void Fd::writeAt(uint64_t offset, std::span<const std::byte> from) const
{
	while (!from.empty()) {
		const ssize_t done =
			check(pwrite(number_, from.data(), from.size(), static_cast<off_t>(offset)),
			      "pwrite", path_);
		offset += static_cast<uint64_t>(done);
		from = from.subspan(static_cast<size_t>(done));
	}
}

// Is it ready? A pipe whose other end is gone is, too: the call then says so.
static bool isReady(int number, short events)
{
	pollfd one{.fd = number, .events = events, .revents = 0};
	return ::poll(&one, 1, 0) > 0;
}

std::optional<size_t> Fd::readSome(std::span<std::byte> into) const
{
	if (!isReady(number_, POLLIN))
		return std::nullopt;
	const ssize_t done = ::read(number_, into.data(), into.size());
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return std::nullopt;
	return static_cast<size_t>(check(done, "read", path_));
}

std::optional<size_t> Fd::writeSome(std::span<const std::byte> from) const
{
	if (!isReady(number_, POLLOUT))
		return std::nullopt;
	const ssize_t done = ::write(number_, from.data(), from.size());
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return std::nullopt;
	return static_cast<size_t>(check(done, "write", path_));
}

void Fd::flush() const
{
	if (fdatasync(number_) == 0 || errno == EINVAL || errno == EROFS)
		return;
	throw Error::fromErrno("fdatasync", path_);
}

static struct stat statusOf(const Fd &fd)
{
	struct stat status = {};
	check(fstat(fd.number(), &status), "fstat", fd.path());
	return status;
}

std::optional<uint64_t> Fd::size() const
{
	const auto status = statusOf(*this);
	if (!S_ISREG(status.st_mode))
		return std::nullopt;
	return static_cast<uint64_t>(status.st_size);
}

Fd streamOf(int number, bool isForWriting)
{
	const std::string name = isForWriting ? "standard output" : "standard input";
	Fd own(check(fcntl(number, F_DUPFD_CLOEXEC, 3), "fcntl", name), name);
	if (!S_ISFIFO(statusOf(own).st_mode))
		return own;
	// Another description of the same pipe, so that O_NONBLOCK is ours alone.
	const auto path = "/proc/self/fd/" + std::to_string(number);
	const int again =
		::open(path.c_str(), (isForWriting ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
	return again < 0 ? std::move(own) : Fd(again, name);
}

bool Fd::tryLock() const
{
	if (flock(number_, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		return false;
	throw Error::fromErrno("flock", path_);
}

void Fd::resize(uint64_t size) const
{
	check(ftruncate(number_, static_cast<off_t>(size)), "ftruncate", path_);
}

Fd memoryFile(const char *name)
{
	return Fd(check(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create", name),
		  name);
}

}
