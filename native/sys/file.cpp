// SPDX-License-Identifier: MIT
#include "sys/file.h"

#include "sys/error.h"
#include "sys/fd.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace sys
{

std::optional<std::string> readBytes(const std::string &path, size_t limit)
{
	const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
	if (!file.isOpen())
		return std::nullopt;

	std::string bytes;
	char chunk[4096];
	while (bytes.size() < limit) {
		const size_t wanted = std::min(sizeof chunk, limit - bytes.size());
		const ssize_t got = ::read(file.number(), chunk, wanted);
		if (got < 0)
			return std::nullopt;
		if (got == 0)
			break;
		bytes.append(chunk, static_cast<size_t>(got));
	}
	return bytes;
}

std::optional<std::string> readText(const std::string &path)
{
	auto text = readBytes(path, 1 << 22);
	if (text && text->ends_with('\n'))
		text->pop_back();
	return text;
}

std::optional<uint64_t> fileSize(const std::string &path)
{
	struct stat status;
	if (stat(path.c_str(), &status) < 0)
		return std::nullopt;
	return static_cast<uint64_t>(status.st_size);
}

void writeText(const std::string &path, const std::string &text)
{
	const auto file = Fd::open(path, O_WRONLY);
	check(::write(file.number(), text.data(), text.size()), "write", path);
}

std::vector<std::string> list(const std::string &path)
{
	const std::unique_ptr<DIR, int (*)(DIR *)> folder(opendir(path.c_str()), closedir);
	std::vector<std::string> names;

	while (const dirent *entry = folder ? readdir(folder.get()) : nullptr) {
		const std::string name = entry->d_name;
		if (name != "." && name != "..")
			names.push_back(name);
	}
	std::sort(names.begin(), names.end());
	return names;
}

std::optional<std::string> readLink(const std::string &path)
{
	char target[PATH_MAX];
	const ssize_t length = readlink(path.c_str(), target, sizeof target);
	if (length < 0)
		return std::nullopt;
	return std::string(target, static_cast<size_t>(length));
}

std::optional<std::string> realPath(const std::string &path)
{
	char resolved[PATH_MAX];
	if (!realpath(path.c_str(), resolved))
		return std::nullopt;
	return resolved;
}

bool exists(const std::string &path)
{
	return access(path.c_str(), F_OK) == 0;
}

bool isAccessible(const std::string &path)
{
	return access(path.c_str(), R_OK | W_OK) == 0;
}

std::string baseName(const std::string &path)
{
	return path.substr(path.rfind('/') + 1);
}

}
