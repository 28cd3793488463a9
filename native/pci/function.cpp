// SPDX-License-Identifier: MIT
#include "pci/function.h"

#include "pci/config_file.h"
#include "pci/resource.h"
#include "sys/file.h"

#include <array>
#include <bit>
#include <climits>
#include <cstdlib>
#include <linux/pci_regs.h>
#include <sstream>

namespace pci
{

constexpr uint32_t classBridgeHost = 0x0600;
constexpr uint32_t classBridgePci = 0x0604;

static std::string readAttribute(const Function &function, const char *name)
{
	return sys::readText(function.folder + "/" + name).value_or("");
}

static uint64_t readNumber(const Function &function, const char *name)
{
	return strtoull(readAttribute(function, name).c_str(), nullptr, 0);
}

// nullopt for what is negative, for none or too large a one.
static std::optional<int> wholeNumber(const std::string &text)
{
	const long value = strtol(text.c_str(), nullptr, 10);
	if (text.empty() || text[0] < '0' || text[0] > '9' || value > INT_MAX)
		return std::nullopt;
	return static_cast<int>(value);
}

static bool isBridge(const Function &function)
{
	return function.classCode >> 8 == classBridgePci;
}

static std::string linkName(const Function &function, const char *name)
{
	return sys::baseName(sys::readLink(function.folder + "/" + name).value_or(""));
}

// The components of the real path behind the last host bridge: below VMD there are two, and what
// stands above the second is no bridge of this function's.
static void placeInTree(Function &function)
{
	std::istringstream components(function.folder);
	std::vector<Bdf> chain;

	for (std::string part; std::getline(components, part, '/');) {
		if (part.starts_with("pci") && part.find(':') != std::string::npos) {
			function.rootBus = part.substr(3);
			chain.clear();
		} else if (const auto bdf = Bdf::parse(part)) {
			chain.push_back(*bdf);
		}
	}
	if (function.rootBus.empty() || chain.empty())
		return;
	if (chain.size() > 1)
		function.parent = chain[chain.size() - 2];
	function.path = chain.front().name();
	for (size_t i = 1; i < chain.size(); i++)
		function.path += "/" + chain[i].name().substr(chain[i].name().size() - 4);
}

static void readIdentity(Function &function)
{
	function.vendor = static_cast<uint16_t>(readNumber(function, "vendor"));
	function.device = static_cast<uint16_t>(readNumber(function, "device"));
	function.subVendor = static_cast<uint16_t>(readNumber(function, "subsystem_vendor"));
	function.subDevice = static_cast<uint16_t>(readNumber(function, "subsystem_device"));
	function.classCode = static_cast<uint32_t>(readNumber(function, "class"));
	function.revision = static_cast<uint8_t>(readNumber(function, "revision"));
	if (const auto physfn = linkName(function, "physfn"); !physfn.empty())
		function.physfn = Bdf::parse(physfn);
}

static std::optional<bool> groupAccess(const std::string &root, const Function &function)
{
	if (!root.empty() || function.driver != "vfio-pci" || !function.iommuGroup)
		return std::nullopt;
	return sys::isAccessible("/dev/vfio/" + std::to_string(*function.iommuGroup));
}

// Lines of "0xfirst 0xlast type"; what is 'direct-relaxable' VFIO lets its user map over
// (drivers/iommu/iommu.c, iommu_group_show_resv_regions).
static std::vector<IovaRange> parseReserved(const std::string &text)
{
	std::istringstream lines(text);
	std::vector<IovaRange> ranges;
	for (std::string first, last, type; lines >> first >> last >> type;)
		if (type != "direct-relaxable")
			ranges.push_back({strtoull(first.c_str(), nullptr, 16),
					  strtoull(last.c_str(), nullptr, 16)});
	return ranges;
}

// What its IOMMU can translate. Intel's capability register has the width as MGAW, less one, in
// bits 21:16 (VT-d specification, 11.4.2); other IOMMUs do not tell.
static void readAperture(Function &function)
{
	function.reservedIovas =
		parseReserved(readAttribute(function, "iommu_group/reserved_regions"));
	const auto capability = readAttribute(function, "iommu/intel-iommu/cap");
	if (!capability.empty())
		function.apertureBits = static_cast<int>(
			(strtoull(capability.c_str(), nullptr, 16) >> 16 & 0x3f) + 1);
}

static std::string findVfioDevice(const std::string &root, const Function &function)
{
	if (function.driver != "vfio-pci")
		return "";
	const auto names = sys::list(function.folder + "/vfio-dev");
	if (names.empty() || (root.empty() && !sys::isAccessible("/dev/vfio/devices/" + names[0])))
		return "";
	return names[0];
}

static void readState(const std::string &root, Function &function)
{
	function.driver = linkName(function, "driver");
	function.driverOverride = readAttribute(function, "driver_override");
	if (function.driverOverride == "(null)")
		function.driverOverride.clear();
	if (const auto group = linkName(function, "iommu_group"); !group.empty())
		function.iommuGroup = wholeNumber(group);
	function.isGroupOpen = groupAccess(root, function);
	function.vfioDevice = findVfioDevice(root, function);
	readAperture(function);
	function.numaNode = wholeNumber(readAttribute(function, "numa_node"));
	// Without a driver the mask is the bus's default and tells nothing.
	if (const auto bits = readNumber(function, "dma_mask_bits");
	    bits > 0 && bits <= 64 && !function.driver.empty())
		function.dmaBits = static_cast<int>(bits);
	function.powerState = readAttribute(function, "power_state");
	if (function.powerState == "unknown" || function.powerState == "error")
		function.powerState.clear();
	function.isEnabled = readNumber(function, "enable") > 0;
}

static Link readLink(const Function &function, const char *speed, const char *width)
{
	const double gigatransfers = atof(readAttribute(function, speed).c_str());
	const auto lanes = static_cast<int>(readNumber(function, width));
	// A function that is gone reads all ones, 63 lanes after the mask.
	if (gigatransfers <= 0 || lanes < 1 || lanes > 32)
		return {};
	return {gigatransfers, lanes};
}

static Link linkFrom(uint16_t word)
{
	// PCI_EXP_LNKCAP_SLS_* and PCI_EXP_LNKSTA_CLS_*: 1 for 2.5 GT/s, 6 for 64.
	constexpr std::array speeds = {0.0, 2.5, 5.0, 8.0, 16.0, 32.0, 64.0};
	const size_t code = word & PCI_EXP_LNKSTA_CLS;
	const int width = (word & PCI_EXP_LNKSTA_NLW) >> PCI_EXP_LNKSTA_NLW_SHIFT;
	if (code == 0 || code >= speeds.size() || width < 1 || width > 32)
		return {};
	return {speeds[code], width};
}

void completeLinks(Function &function)
{
	const auto express = function.config.capability(PCI_CAP_ID_EXP);
	if (express.seen != Seen::yes)
		return;
	const auto max = function.config.u16(express.offset + size_t{PCI_EXP_LNKCAP});
	const auto now = function.config.u16(express.offset + size_t{PCI_EXP_LNKSTA});
	if (max && function.maxLink.width == 0)
		function.maxLink = linkFrom(*max);
	if (now && function.link.width == 0)
		function.link = linkFrom(*now);
}

static std::optional<P2pmem> readP2pmem(const Function &function)
{
	if (!sys::exists(function.folder + "/p2pmem"))
		return std::nullopt;
	return P2pmem{.size = readNumber(function, "p2pmem/size"),
		      .available = readNumber(function, "p2pmem/available"),
		      .isPublished = readNumber(function, "p2pmem/published") != 0};
}

bool hasMemoryOfItsOwn(const Function &function)
{
	constexpr uint32_t display = 0x03, accelerator = 0x12;
	const uint32_t base = function.classCode >> 16;
	return base == display || base == accelerator;
}

// resourceN_resize: bit n for 2^n MiB (drivers/pci/pci-sysfs.c).
static void readLargest(const Function &function, Bar &bar)
{
	const std::string name = "resource" + std::to_string(bar.index) + "_resize";
	const uint64_t sizes = strtoull(readAttribute(function, name.c_str()).c_str(), nullptr, 16);
	constexpr int mebibyte = 20;
	if (sizes != 0 && std::bit_width(sizes) <= 64 - mebibyte)
		bar.largest = std::bit_floor(sizes) << mebibyte;
}

// tileN/physical_vram_size_bytes of drivers/gpu/drm/xe/xe_tile_sysfs.c, of all tiles.
static uint64_t memoryOfTiles(const Function &function)
{
	constexpr int most = 8;
	uint64_t total = 0;
	for (int i = 0; i < most; i++) {
		const auto name = "tile" + std::to_string(i) + "/physical_vram_size_bytes";
		total += readNumber(function, name.c_str());
	}
	return total;
}

// What Resizable BAR allows, and mem_info_vram_total and mem_info_vis_vram_total of
// drivers/gpu/drm/amd/amdgpu.
static void readOwnMemory(Function &function)
{
	for (auto &bar : function.bars)
		readLargest(function, bar);
	if (function.driver == "xe")
		if (const uint64_t total = memoryOfTiles(function); total != 0)
			function.vram = total;
	if (const uint64_t total = readNumber(function, "mem_info_vram_total"); total != 0)
		function.vram = total;
	if (const uint64_t shown = readNumber(function, "mem_info_vis_vram_total"); shown != 0)
		function.visibleVram = shown;
}

std::optional<Function> readFunction(const std::string &root, const Bdf &bdf, Depth depth)
{
	const std::string sysfs = root + "/sys";
	const auto folder = sys::realPath(sysfs + "/bus/pci/devices/" + bdf.name());
	if (!folder)
		return std::nullopt;

	Function function;
	function.bdf = bdf;
	function.folder = *folder;
	placeInTree(function);
	readIdentity(function);
	readState(root, function);
	function.config = readConfig(root, *folder + "/config", depth);
	auto resources = parseResources(readAttribute(function, "resource"), function.config,
					isBridge(function));
	function.bars = std::move(resources.bars);
	function.windows = std::move(resources.windows);
	function.link = readLink(function, "current_link_speed", "current_link_width");
	function.maxLink = readLink(function, "max_link_speed", "max_link_width");
	function.p2pmem = readP2pmem(function);
	if (hasMemoryOfItsOwn(function))
		readOwnMemory(function);
	return function;
}

static std::optional<bool> isExpress(const Function &function)
{
	const Seen seen = function.config.capability(PCI_CAP_ID_EXP).seen;
	if (seen != Seen::unknown)
		return seen == Seen::yes;
	// Without privilege the capability cannot be seen, but only Express functions have links.
	if (function.maxLink.width > 0 || function.driver == "pcieport")
		return true;
	return function.config.space() == PCI_CFG_SPACE_SIZE ? std::optional(false) : std::nullopt;
}

std::string sleepOf(const Function &function)
{
	static constexpr std::array states = {"", "D1", "D2", "D3hot"};
	const auto power = function.config.capability(PCI_CAP_ID_PM);
	const auto control = function.config.u16(power.offset + size_t{PCI_PM_CTRL});
	const bool isRead = power.seen == Seen::yes && control && !function.config.isGone();
	const std::string own = isRead ? states[*control & PCI_PM_CTRL_STATE_MASK] : "";

	return own.empty() && function.powerState != "D0" ? function.powerState : own;
}

const Function *sleeperOf(const Machine &machine, const Function &function)
{
	const Function *at = &function;
	while (at && sleepOf(*at).empty())
		at = at->parent ? machine.lookUp(*at->parent) : nullptr;
	return at;
}

std::optional<int> expressType(const Function &function)
{
	const auto capability = function.config.capability(PCI_CAP_ID_EXP);
	if (capability.seen != Seen::yes)
		return std::nullopt;
	const auto flags = function.config.u16(capability.offset + PCI_EXP_FLAGS);
	if (!flags)
		return std::nullopt;
	return (*flags & PCI_EXP_FLAGS_TYPE) >> 4;
}

// An excerpt does not show where it stands.
static Role portByType(std::optional<int> type)
{
	if (type == PCI_EXP_TYPE_UPSTREAM)
		return Role::upstreamPort;
	if (type == PCI_EXP_TYPE_DOWNSTREAM)
		return Role::downstreamPort;
	return type == PCI_EXP_TYPE_ROOT_PORT ? Role::rootPort : Role::bridge;
}

static Role bridgeRole(const Function &function, const Function *parent)
{
	const auto type = expressType(function);
	if (isExpress(function) == false || type == PCI_EXP_TYPE_PCI_BRIDGE ||
	    type == PCI_EXP_TYPE_PCIE_BRIDGE)
		return Role::bridge;
	if (function.rootBus.empty() && (!parent || parent->role == Role::bridge))
		return portByType(type);
	if (!parent)
		return type == PCI_EXP_TYPE_UPSTREAM ? Role::upstreamPort : Role::rootPort;
	if (parent->role == Role::upstreamPort)
		return Role::downstreamPort;
	if (parent->role == Role::rootPort || parent->role == Role::downstreamPort)
		return Role::upstreamPort;
	return Role::bridge;
}

Role roleOf(const Function &function, const Function *parent)
{
	if (isBridge(function))
		return bridgeRole(function, parent);
	if (function.classCode >> 8 == classBridgeHost)
		return Role::hostBridge;
	return parent || function.rootBus.empty() ? Role::endpoint : Role::rcIntegrated;
}

bool isEndpoint(const Function &function)
{
	return function.role == Role::endpoint || function.role == Role::rcIntegrated;
}

}
