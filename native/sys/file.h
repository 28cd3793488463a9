// SPDX-License-Identifier: MIT
// Small files, folders and links, as sysfs and procfs are made of. Nothing here throws for what
// is not there: a function can be unplugged between two reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sys
{

// The whole file, trailing newline removed; nullopt where it is missing or cannot be read.
std::optional<std::string> readText(const std::string &path);
// The whole file as it is, at most limit bytes; nullopt as above.
std::optional<std::string> readBytes(const std::string &path, size_t limit);
// What stat(2) says: for a sysfs attribute its announced size, not what a reader may have of it.
std::optional<uint64_t> fileSize(const std::string &path);
// Writes the text in one write(2), as sysfs wants it; Error with errno's name.
void writeText(const std::string &path, const std::string &text);
// Names in a folder, sorted, without . and ..; empty where it is missing.
std::vector<std::string> list(const std::string &path);
// Where a link points, as it is written; nullopt where it is missing or no link.
std::optional<std::string> readLink(const std::string &path);
// The path with all links resolved; nullopt where it is missing.
std::optional<std::string> realPath(const std::string &path);
bool exists(const std::string &path);
// May this process open the file for reading and writing? (access(2) R_OK|W_OK)
bool isAccessible(const std::string &path);
// What follows the last slash.
std::string baseName(const std::string &path);

}
