// SPDX-License-Identifier: MIT
#include "sys/configfs.h"

#include "sys/error.h"

#include <cerrno>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sys
{

void mountConfigfs()
{
	const char *const place = "/sys/kernel/config";
	if (mount("configfs", place, "configfs", 0, nullptr) < 0 && errno != EBUSY)
		throw Error::fromErrno("mount", place);
}

void makeFolder(const std::string &path)
{
	check(mkdir(path.c_str(), 0755), "mkdir", path);
}

void removeFolder(const std::string &path)
{
	check(rmdir(path.c_str()), "rmdir", path);
}

void makeLink(const std::string &target, const std::string &path)
{
	check(symlink(target.c_str(), path.c_str()), "symlink", path);
}

void removeLink(const std::string &path)
{
	check(unlink(path.c_str()), "unlink", path);
}

}
