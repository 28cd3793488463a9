// SPDX-License-Identifier: MIT
#include "sys/signature.h"

#include "sys/error.h"

#include <blkid/blkid.h>
#include <memory>

namespace sys
{

using Probe = std::unique_ptr<struct blkid_struct_probe, void (*)(blkid_probe)>;

static void addValue(blkid_probe probe, const char *name, std::vector<std::string> &names)
{
	const char *value = nullptr;
	if (blkid_probe_lookup_value(probe, name, &value, nullptr) == 0 && value)
		names.emplace_back(value);
}

std::vector<std::string> signatures(const Fd &disk, unsigned sectorSize)
{
	const Error failed("P2P_PROBE", "libblkid cannot look at " + disk.path());
	const Probe probe(blkid_new_probe(), blkid_free_probe);

	if (!probe || blkid_probe_set_device(probe.get(), disk.number(), 0, 0) != 0)
		throw failed;
	blkid_probe_set_sectorsize(probe.get(), sectorSize);
	blkid_probe_enable_superblocks(probe.get(), 1);
	blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE);
	blkid_probe_enable_partitions(probe.get(), 1);

	// One step a signature: a disk can hold several at once, and each counts.
	std::vector<std::string> names;
	int step;
	while ((step = blkid_do_probe(probe.get())) == 0) {
		addValue(probe.get(), "TYPE", names);
		addValue(probe.get(), "PTTYPE", names);
	}
	if (step < 0)
		throw failed;
	return names;
}

}
