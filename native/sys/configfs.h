// SPDX-License-Identifier: MIT
// The kernel's tree of what user space makes: folders that are kernel objects, and links between
// them (Documentation/filesystems/configfs.rst).
#pragma once

#include <string>

namespace sys
{

// Mounts it where it is not; Error with errno's name.
void mountConfigfs();

// mkdir(2), rmdir(2), symlink(2), unlink(2); Error with errno's name.
void makeFolder(const std::string &path);
void removeFolder(const std::string &path);
void makeLink(const std::string &target, const std::string &path);
void removeLink(const std::string &path);

}
