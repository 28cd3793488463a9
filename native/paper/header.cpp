// SPDX-License-Identifier: MIT
#include "paper/header.h"

#include "paper/words.h"

#include <array>

namespace paper
{

struct ClassName {
	std::string_view name;
	uint16_t code;
};

// Those that decide something here: what a function is in the tree, and what it can be.
constexpr std::array classNames = {
	ClassName{"Host bridge", 0x0600},
	ClassName{"ISA bridge", 0x0601},
	ClassName{"PCI bridge", 0x0604},
	ClassName{"CardBus bridge", 0x0607},
	ClassName{"RAID bus controller", 0x0104},
	ClassName{"SCSI storage controller", 0x0100},
	ClassName{"IDE interface", 0x0101},
	ClassName{"SATA controller", 0x0106},
	ClassName{"Serial Attached SCSI controller", 0x0107},
	ClassName{"Non-Volatile memory controller", 0x0108},
	ClassName{"Mass storage controller", 0x0180},
	ClassName{"Ethernet controller", 0x0200},
	ClassName{"Infiniband controller", 0x0207},
	ClassName{"Fabric controller", 0x0208},
	ClassName{"Network controller", 0x0280},
	ClassName{"VGA compatible controller", 0x0300},
	ClassName{"3D controller", 0x0302},
	ClassName{"Display controller", 0x0380},
	ClassName{"Multimedia video controller", 0x0400},
	ClassName{"Multimedia audio controller", 0x0401},
	ClassName{"Audio device", 0x0403},
	ClassName{"Multimedia controller", 0x0480},
	ClassName{"RAM memory", 0x0500},
	ClassName{"FLASH memory", 0x0501},
	ClassName{"CXL", 0x0502},
	ClassName{"Memory controller", 0x0580},
	ClassName{"Bridge", 0x0680},
	ClassName{"Serial controller", 0x0700},
	ClassName{"Communication controller", 0x0780},
	ClassName{"PIC", 0x0800},
	ClassName{"IOMMU", 0x0806},
	ClassName{"System peripheral", 0x0880},
	ClassName{"Processing accelerators", 0x1200},
	ClassName{"Co-processor", 0x0b40},
	ClassName{"USB controller", 0x0c03},
	ClassName{"SMBus", 0x0c05},
	ClassName{"InfiniBand", 0x0c06},
	ClassName{"Encryption controller", 0x1080},
	ClassName{"Network and computing encryption device", 0x1000},
	ClassName{"Signal processing controller", 0x1180},
	ClassName{"Performance counters", 0x1101},
	ClassName{"Non-Essential Instrumentation", 0x1300},
	ClassName{"Unassigned class", 0xff00},
};

std::optional<uint16_t> classByName(std::string_view name)
{
	for (const auto &[known, code] : classNames)
		if (name.starts_with(known))
			return code;
	return std::nullopt;
}

std::optional<pci::Bdf> headerOf(std::string_view line)
{
	line = trimmed(line);
	const size_t length = bdfLength(line);
	if (length == 0 || length + 1 >= line.size() || line[length] != ' ')
		return std::nullopt;
	const auto rest = line.substr(length + 1);
	const bool isClass = rest.find(':') != std::string_view::npos || rest.front() == '"';
	return isClass ? pci::Bdf::parse(line.substr(0, length)) : std::nullopt;
}

// '[0604]', and '0604' at the start.
static std::optional<uint16_t> classNumber(std::string_view rest)
{
	if (rest.starts_with("Class "))
		rest.remove_prefix(6);
	if (rest.size() > 4 && rest[4] == ':')
		if (const auto number = numberAt(rest.substr(0, 4), 16))
			return static_cast<uint16_t>(*number);
	for (size_t at = rest.find('['); at != std::string_view::npos; at = rest.find('[', at + 1))
		if (at + 5 < rest.size() && rest[at + 5] == ']')
			if (const auto number = numberAt(rest.substr(at + 1, 4), 16))
				return static_cast<uint16_t>(*number);
	return classByName(rest.starts_with('"') ? rest.substr(1) : rest);
}

static bool isIds(std::string_view text)
{
	constexpr size_t colon = 4, length = 9;
	if (text.size() < length || text[colon] != ':')
		return false;
	for (size_t i = 0; i < length; i++)
		if (i != colon && !isHexDigit(text[i]))
			return false;
	return true;
}

// The last [8086:2030]; with -n it stands bare behind the class.
static std::string_view idsOf(std::string_view rest)
{
	for (size_t at = rest.rfind('['); at != std::string_view::npos && at + 10 < rest.size();
	     at = at == 0 ? std::string_view::npos : rest.rfind('[', at - 1))
		if (isIds(rest.substr(at + 1)) && rest[at + 10] == ']')
			return rest.substr(at + 1, 9);
	const auto bare = trimmed(behind(rest, ": "));
	return isIds(bare) ? bare.substr(0, 9) : std::string_view{};
}

void readHeader(std::string_view line, Record &record)
{
	line = trimmed(line);
	const auto rest = line.substr(bdfLength(line) + 1);
	auto &function = record.function;

	if (const auto code = classNumber(rest)) {
		record.hasClass = true;
		function.classCode = uint32_t{*code} << 8 | (function.classCode & 0xff);
		// Without -v the interface is not shown; it is NVM Express.
		if (*code == 0x0108 && (function.classCode & 0xff) == 0)
			function.classCode |= 2;
	}
	if (const auto ids = idsOf(rest); !ids.empty()) {
		record.hasIds = true;
		function.vendor = static_cast<uint16_t>(numberAt(ids, 16).value_or(0));
		function.device = static_cast<uint16_t>(numberAt(ids.substr(5), 16).value_or(0));
	}
	if (const auto revision = numberBehind(rest, "(rev ", 16))
		function.revision = static_cast<uint8_t>(*revision);
	if (const auto interface = numberBehind(rest, "(prog-if ", 16))
		function.classCode = (function.classCode & ~0xffU) | (*interface & 0xff);
}

}
