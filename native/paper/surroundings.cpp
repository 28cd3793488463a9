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

// /proc/cpuinfo's word, or lscpu's.
static bool startsWith(std::string_view line, std::string_view word, std::string_view other)
{
	return line.starts_with(word) || line.starts_with(other);
}

// '… smpboot: CPU0: AMD EPYC 7742 64-Core Processor (family: 0x17, model: 0x31, …)' of dmesg.
static bool readBootLine(std::string_view line, pci::Machine &machine)
{
	const auto text = behind(line, "CPU0: ");
	const auto family = numberBehind(text, "(family: ", 16);
	if (!family)
		return false;
	if (machine.cpuVendor.empty()) {
		machine.cpuName = trimmed(text.substr(0, text.find('(')));
		machine.cpuVendor = text.starts_with("AMD ")    ? "AuthenticAMD"
				    : text.starts_with("Intel") ? "GenuineIntel"
								: "";
		machine.cpuFamily = static_cast<int>(*family & 0xffff);
	}
	return true;
}

static void readHypervisor(std::string_view name, pci::Machine &machine)
{
	if (!machine.guest)
		machine.guest = name.empty() ? "hypervisor" : std::string(name);
}

static bool readProcessor(std::string_view line, pci::Machine &machine)
{
	if (startsWith(line, "vendor_id", "Vendor ID:")) {
		if (machine.cpuVendor.empty())
			machine.cpuVendor = valueOf(line);
	} else if (startsWith(line, "cpu family", "CPU family:")) {
		if (!machine.cpuFamily)
			machine.cpuFamily =
				static_cast<int>(numberBehind(line, ":").value_or(0) & 0xffff);
	} else if (startsWith(line, "model name", "Model name:")) {
		if (machine.cpuName.empty())
			machine.cpuName = valueOf(line);
	} else if (startsWith(line, "processor :", "CPU(s):")) {
		return true;
	} else if (startsWith(line, "flags :", "Flags: fpu")) {
		if (line.find(" hypervisor ") != std::string_view::npos ||
		    line.ends_with(" hypervisor"))
			readHypervisor("", machine);
	} else if (line.starts_with("Hypervisor vendor:") ||
		   line.find("Hypervisor detected: ") != std::string_view::npos) {
		readHypervisor(trimmed(line.substr(line.rfind(':') + 1)), machine);
	} else {
		return readBootLine(line, machine);
	}
	return true;
}

// 'Linux version 6.8.0-31-generic (…)' of dmesg or /proc/version, 'Linux HOST 6.8.0-31-generic #31'
// of uname -a, '(Linux 6.8.0-31-generic)' of gdscheck.
static std::string releaseIn(std::string_view line)
{
	auto rest = behind(line, "Linux version ");
	const auto words = behind(line, "Linux ");
	const bool isUname = words.find(" #") != std::string_view::npos ||
			     words.find(" SMP ") != std::string_view::npos ||
			     words.ends_with("Linux");
	if (rest.empty())
		rest = isUname ? behind(words, " ") : behind(line, "(Linux ");
	const auto release = rest.substr(0, rest.find_first_of(" ,()"));
	const bool isNumber = !release.empty() && release[0] >= '0' && release[0] <= '9' &&
			      release.find('.') != std::string_view::npos;
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

// '… pci 0000:03:00.0: Adding to iommu group 12'
static bool readGroup(std::string_view line, Surroundings &around)
{
	constexpr size_t mostGroups = 65536;
	const size_t at = line.find(": Adding to iommu group ");
	if (at == std::string_view::npos)
		return false;
	const size_t blank = line.rfind(' ', at);
	const auto bdf = pci::Bdf::parse(line.substr(blank + 1, at - blank - 1));
	const auto group = numberBehind(line, "iommu group ");
	if (bdf && group && *group <= INT32_MAX && around.groups.size() < mostGroups)
		around.groups[*bdf] = static_cast<int>(*group);
	around.hasIommu = true;
	return true;
}

// Not 'iommu: Default domain type: Translated', which stands there without an IOMMU as well.
static bool readIommu(std::string_view line, Surroundings &around)
{
	constexpr std::array<std::string_view, 5> words = {
		"DMAR: IOMMU enabled",
		"DMAR: Intel(R) Virtualization Technology for Directed I/O",
		"AMD-Vi: Found IOMMU",
		"AMD-Vi: Interrupt remapping enabled",
		"AMD-Vi: IOMMU performance counters supported",
	};
	const bool isOn = std::ranges::any_of(words, [&](std::string_view word) {
		return line.find(word) != std::string_view::npos;
	});
	around.hasIommu |= isOn;
	return isOn;
}

bool readSurroundings(std::string_view line, pci::Machine &machine, Surroundings &around)
{
	if (readProcessor(line, machine) || readCommandLine(line, machine) ||
	    readGroup(line, around) || readIommu(line, around))
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

static bool isIntel(const pci::Function &function)
{
	const auto &bdf = function.bdf;
	return function.vendor == 0x8086 && bdf == pci::Bdf{} && function.classCode != 0;
}

static bool isZen(const pci::Function &function)
{
	return function.vendor == 0x1022 && function.classCode >> 8 == 0x0600 &&
	       std::ranges::count(zenRoots, function.device) > 0;
}

static void assume(pci::Machine &machine, const char *vendor, int family, const char *name)
{
	machine.cpuVendor = vendor;
	machine.cpuFamily = family;
	machine.cpuName = name;
	machine.assumed.push_back("cpu");
}

void assumeProcessor(pci::Machine &machine)
{
	if (!machine.cpuVendor.empty())
		return;
	if (std::ranges::any_of(machine.functions, isZen))
		assume(machine, "AuthenticAMD", 0x17, "AMD, Zen or later");
	else if (std::ranges::any_of(machine.functions, isIntel))
		assume(machine, "GenuineIntel", 6, "Intel");
}

}
