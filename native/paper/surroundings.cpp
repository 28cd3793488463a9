// SPDX-License-Identifier: MIT
#include "paper/surroundings.h"

#include "paper/words.h"

#include <algorithm>
#include <array>
#include <string>

namespace paper
{

static std::string valueOf(std::string_view line)
{
	return std::string(trimmed(behind(line, ":")));
}

static bool readProcessor(std::string_view line, pci::Machine &machine)
{
	if (line.starts_with("vendor_id")) {
		if (machine.cpuVendor.empty())
			machine.cpuVendor = valueOf(line);
	} else if (line.starts_with("cpu family")) {
		if (!machine.cpuFamily)
			machine.cpuFamily =
				static_cast<int>(numberBehind(line, ":").value_or(0) & 0xffff);
	} else if (line.starts_with("model name")) {
		if (machine.cpuName.empty())
			machine.cpuName = valueOf(line);
	} else if (line.starts_with("flags") && line.find(':') != std::string_view::npos) {
		if (!machine.guest && line.find(" hypervisor ") != std::string_view::npos)
			machine.guest = "hypervisor";
	} else {
		return false;
	}
	return true;
}

// 'Linux version 6.8.0-31-generic (…)' of dmesg or /proc/version, 'Linux HOST 6.8.0-31-generic #31'
// of uname -a.
static std::string releaseIn(std::string_view line)
{
	auto rest = behind(line, "Linux version ");
	if (rest.empty() && line.starts_with("Linux ")) {
		const auto words = line.substr(6);
		const size_t blank = words.find(' ');
		const bool isUname = words.find(" #") != std::string_view::npos;
		if (isUname && blank != std::string_view::npos)
			rest = words.substr(blank + 1);
	}
	const auto release = rest.substr(0, rest.find_first_of(" \t,"));
	const bool isNumber = !release.empty() && release[0] >= '0' && release[0] <= '9';
	return isNumber && release.size() < 128 ? std::string(release) : "";
}

static bool readCommandLine(std::string_view line, pci::Machine &machine)
{
	auto text = trimmed(behind(line, "Kernel command line:"));
	if (text.empty())
		text = trimmed(behind(line, "Command line:"));
	if (text.empty() && line.starts_with("BOOT_IMAGE="))
		text = line;
	if (text.empty())
		return false;
	if (machine.commandLine.empty())
		machine.commandLine = std::string(text);
	return true;
}

// Not 'iommu: Default domain type: Translated', which stands there without an IOMMU as well.
static bool readIommu(std::string_view line, pci::Machine &machine)
{
	const bool isOn = line.find("DMAR: IOMMU enabled") != std::string_view::npos ||
			  line.find("AMD-Vi: Found IOMMU") != std::string_view::npos ||
			  line.find("Adding to iommu group") != std::string_view::npos;
	if (isOn)
		machine.hasIommu = true;
	return isOn;
}

bool readSurroundings(std::string_view line, pci::Machine &machine)
{
	line = trimmed(line);
	if (readProcessor(line, machine) || readCommandLine(line, machine) ||
	    readIommu(line, machine))
		return true;
	const auto release = releaseIn(line);
	if (release.empty())
		return false;
	if (machine.kernel.empty())
		machine.kernel = release;
	return true;
}

// Root complexes of Zen processors and later (arch/x86/kernel/amd_node.c and its ancestors).
constexpr std::array zenRoots = {0x1450, 0x15d0, 0x1480, 0x1630, 0x14b5, 0x14a4, 0x14d8,
				 0x14e8, 0x153a, 0x1507, 0x1122, 0x14bb, 0x14f8};

void assumeProcessor(pci::Machine &machine)
{
	if (!machine.cpuVendor.empty())
		return;
	for (const auto &function : machine.functions) {
		const bool isFirst = function.bdf.bus == 0 && function.bdf.device == 0 &&
				     function.bdf.function == 0;
		if (!isFirst || function.classCode >> 8 != 0x0600)
			continue;
		if (function.vendor == 0x8086) {
			machine.cpuVendor = "GenuineIntel";
			machine.cpuFamily = 6;
		} else if (function.vendor == 0x1022 &&
			   std::ranges::count(zenRoots, function.device) > 0) {
			machine.cpuVendor = "AuthenticAMD";
			machine.cpuFamily = 0x17;
		} else {
			continue;
		}
		machine.assumed.push_back("cpu");
		return;
	}
}

}
