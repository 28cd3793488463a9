// SPDX-License-Identifier: MIT
#include "bind/refuse.h"

#include "pci/nodes.h"
#include "pci/usage.h"
#include "sys/error.h"
#include "sys/file.h"

#include <fcntl.h>

namespace bind
{

// An open descriptor, or none where the device answers with any other error than EBUSY: an empty
// drive or one that is gone cannot be in use.
static sys::Fd tryOpen(const std::string &path, int flags, const pci::Use &use)
{
	try {
		return sys::Fd::open(path, flags);
	} catch (const sys::Error &error) {
		if (error.code == "EBUSY")
			throw pci::inUse({use});
		return {};
	}
}

sys::Fd claimGroup(const pci::Function &function)
{
	if (!function.iommuGroup || !pci::isVfioDriver(function.driver))
		return {};
	const std::string path = "/dev/vfio/" + std::to_string(*function.iommuGroup);
	return tryOpen(path, O_RDWR,
		       {"vfio-open", {{"bdf", function.bdf.name()}, {"device", path}}});
}

std::vector<sys::Fd> claim(const pci::Function &function)
{
	// The group is closed again at once: its function is about to leave.
	claimGroup(function);
	return claimDisks(function);
}

std::vector<sys::Fd> claimDisks(const pci::Function &function)
{
	std::vector<sys::Fd> claims;
	for (const auto &node : pci::nodesOf("", function)) {
		// A disk that is claimed has its partitions claimed too, by the same hand only.
		if (!node.isBlock() || sys::exists(node.folder + "/partition"))
			continue;
		const pci::Use use{"claimed",
				   {{"bdf", function.bdf.name()}, {"device", node.path()}}};
		claims.push_back(tryOpen(node.path(), O_RDONLY | O_EXCL | O_NONBLOCK, use));
	}
	return claims;
}

}
