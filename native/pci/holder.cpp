// SPDX-License-Identifier: MIT
#include "pci/holder.h"

#include "sys/file.h"

#include <array>
#include <utility>

namespace pci
{

// Who made a dm device says so in front of its uuid.
static std::string mapperKind(const std::string &uuid)
{
	static const std::array<std::pair<const char *, const char *>, 3> makers = {
		{{"LVM-", "lvm"}, {"CRYPT-", "crypt"}, {"mpath-", "multipath"}}};
	for (const auto &[prefix, kind] : makers)
		if (uuid.starts_with(prefix))
			return kind;
	return "dm";
}

Holder holderOf(const std::string &root, const std::string &device)
{
	const std::string folder = root + "/sys/class/block/" + device;
	const auto text = [&](const char *name) {
		return sys::readText(folder + name).value_or("");
	};

	if (const auto name = text("/dm/name"); !name.empty())
		return {device, mapperKind(text("/dm/uuid")), name};
	// A partition of an array is known by the array's name.
	if (const auto level = text("/md/level"); !level.empty())
		return {device, "raid", level};
	for (const auto &[prefix, kind] :
	     {std::pair{"bcache", "bcache"}, {"zram", "zram"}, {"loop", "loop"}})
		if (device.starts_with(prefix))
			return {device, kind, ""};
	return {device, "", ""};
}

}
