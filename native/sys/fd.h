// SPDX-License-Identifier: MIT
// An open file descriptor; it is closed when the object ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace sys
{

class Fd
{
public:
	Fd() = default;
	// Takes ownership of a descriptor that the kernel returned; path is for messages only.
	Fd(int number, std::string path);
	// open(2) with O_CLOEXEC added. Error with errno's name.
	static Fd open(const std::string &path, int flags);

	Fd(Fd &&other) noexcept;
	Fd &operator=(Fd &&other) noexcept;
	~Fd();

	bool isOpen() const { return number_ >= 0; }
	int number() const { return number_; }
	const std::string &path() const { return path_; }

	// ioctl(2); an Error that names the request where the kernel refuses.
	int ioctl(unsigned long request, void *argument, const char *name) const;
	int ioctl(unsigned long request, unsigned long argument, const char *name) const;
	// The same, but -1 and errno as they come, for requests that are questions.
	int tryIoctl(unsigned long request, void *argument) const;

	// pread(2), pwrite(2) of exactly so many bytes; Error EIO where fewer moved.
	void readAt(uint64_t offset, std::span<std::byte> into) const;
	void writeAt(uint64_t offset, std::span<const std::byte> from) const;

	// read(2), write(2) of what goes without waiting: nullopt where nothing does, 0 where the
	// reader has come to the end.
	std::optional<size_t> readSome(std::span<std::byte> into) const;
	std::optional<size_t> writeSome(std::span<const std::byte> from) const;
	// fdatasync(2), where there is something to be synchronised.
	void flush() const;
	// Bytes of a regular file; nullopt for everything else.
	std::optional<uint64_t> size() const;

	// flock(2), exclusive, without waiting: false where another process holds it.
	bool tryLock() const;
	// ftruncate(2).
	void resize(uint64_t size) const;

private:
	int number_ = -1;
	std::string path_;
};

// A descriptor of this process, to be read or written without waiting where it is a pipe.
Fd streamOf(int number, bool isForWriting);

// memfd_create(2): an unnamed file in memory, of size 0, that can be sealed.
Fd memoryFile(const char *name);

}
