// SPDX-License-Identifier: MIT
#include "sys/device_node.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace sys
{

std::optional<std::string> deviceNode(const std::string &path)
{
	struct statx status;
	if (statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE, &status) < 0)
		return std::nullopt;
	if (!S_ISBLK(status.stx_mode) && !S_ISCHR(status.stx_mode))
		return std::nullopt;
	return (S_ISBLK(status.stx_mode) ? "b" : "c") + std::to_string(status.stx_rdev_major) +
	       ":" + std::to_string(status.stx_rdev_minor);
}

}
