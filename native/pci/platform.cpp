// SPDX-License-Identifier: MIT
#include "pci/platform.h"

#include "sys/file.h"
#include "sys/process.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <sstream>

namespace pci
{

// The product name that p2p-lab gives its machines: their ports are taken as hardware.
constexpr const char *labProduct = "p2p-lab";

static std::string trim(const std::string &text)
{
	const size_t first = text.find_first_not_of(" \t");
	const size_t last = text.find_last_not_of(" \t");
	return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

// The first processor's block of /proc/cpuinfo; the kernel's own rule looks at no other.
static std::map<std::string, std::string> firstProcessor(const std::string &cpuinfo)
{
	std::map<std::string, std::string> fields;
	std::istringstream input(cpuinfo);
	for (std::string line; std::getline(input, line) && !line.empty();)
		if (const size_t colon = line.find(':'); colon != std::string::npos)
			fields[trim(line.substr(0, colon))] = trim(line.substr(colon + 1));
	return fields;
}

static void readCpu(Machine &machine, bool &isVirtual)
{
	const auto cpuinfo = sys::readBytes(machine.root + "/proc/cpuinfo", 1 << 16);
	if (!cpuinfo || cpuinfo->empty())
		return;
	auto fields = firstProcessor(*cpuinfo);
	// Other architectures name no vendor_id; known all the same is that it is not AMD's.
	machine.cpuVendor = fields.contains("vendor_id") ? fields["vendor_id"] : "other";
	if (fields.contains("cpu family"))
		machine.cpuFamily = atoi(fields["cpu family"].c_str());
	machine.cpuName = fields["model name"];
	isVirtual = (" " + fields["flags"] + " ").find(" hypervisor ") != std::string::npos;
}

static void readKernel(Machine &machine)
{
	const std::string proc = machine.root + "/proc";
	machine.commandLine = sys::readText(proc + "/cmdline").value_or("");
	machine.bootId = sys::readText(proc + "/sys/kernel/random/boot_id").value_or("");
	if (const auto release = sys::readText(proc + "/sys/kernel/osrelease")) {
		machine.kernel = *release;
		return;
	}
	std::istringstream words(sys::readText(proc + "/version").value_or(""));
	std::string linux, version;
	words >> linux >> version >> machine.kernel;
}

static bool isHypervisorVendor(const std::string &vendor)
{
	static const std::array vendors = {"QEMU", "VMware", "Xen", "innotek", "KVM", "Parallels"};
	return std::ranges::any_of(vendors, [&](const char *v) { return vendor.starts_with(v); });
}

static void readGuest(Machine &machine, bool isVirtual)
{
	const std::string dmi = machine.root + "/sys/class/dmi/id";
	const auto product = sys::readText(dmi + "/product_name").value_or("");
	const auto vendor = sys::readText(dmi + "/sys_vendor").value_or("");

	machine.isLab = product == labProduct;
	if (isVirtual || machine.isLab || isHypervisorVendor(vendor))
		machine.guest = product.empty() ? "hypervisor" : product;
}

static std::optional<bool> findIommu(const Machine &machine)
{
	const std::string sysfs = machine.root + "/sys";
	const auto hasGroup = [](const Function &f) { return f.iommuGroup.has_value(); };
	if (std::ranges::any_of(machine.functions, hasGroup) ||
	    !sys::list(sysfs + "/class/iommu").empty())
		return true;
	// A copy without these folders may have left the groups out as well.
	if (machine.root.empty() || sys::exists(sysfs + "/kernel/iommu_groups") ||
	    sys::exists(sysfs + "/class/iommu"))
		return false;
	return std::nullopt;
}

static std::optional<bool> findVfioPci(const Machine &machine)
{
	const std::string drivers = machine.root + "/sys/bus/pci/drivers";
	if (!sys::exists(drivers))
		return std::nullopt;
	return sys::exists(drivers + "/vfio-pci");
}

static std::optional<bool> findIommufd(const Machine &machine)
{
	if (machine.root.empty())
		return sys::isAccessible("/dev/iommu");
	const std::string misc = machine.root + "/sys/class/misc";
	return sys::exists(misc) ? std::optional(sys::exists(misc + "/iommu")) : std::nullopt;
}

void readPlatform(Machine &machine)
{
	bool isVirtual = false;
	readCpu(machine, isVirtual);
	readKernel(machine);
	readGuest(machine, isVirtual);
	machine.hasIommu = findIommu(machine);
	machine.hasVfioPci = findVfioPci(machine);
	machine.hasIommufd = findIommufd(machine);
	if (machine.root.empty())
		machine.memlock = sys::lockableBytes();
}

}
