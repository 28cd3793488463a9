// SPDX-License-Identifier: MIT
#include "paper/place.h"

#include <algorithm>
#include <linux/pci_regs.h>

namespace paper
{

using Bridges = std::map<Bus, pci::Bdf>;
using Functions = std::vector<pci::Function>;

constexpr uint32_t classBridgeHost = 0x0600, classBridgePci = 0x0604, classBridgeCardBus = 0x0607;
// Of all functions together; what asks for more is no machine.
constexpr size_t mostVirtual = 1 << 20;

static Bus busOf(const pci::Bdf &bdf)
{
	return {bdf.domain, bdf.bus};
}

static bool leadsOn(const pci::Function &function)
{
	const uint32_t code = function.classCode >> 8;
	return code == classBridgePci || code == classBridgeCardBus;
}

// What the bridges say themselves comes before what a picture shows. Of two that claim the same
// bus the one counts that knows its own.
static Bridges bridgesOf(const Functions &functions, const Tree &tree)
{
	Bridges bridges, doubtful;
	for (const auto &function : functions) {
		const auto primary = function.config.u8(PCI_PRIMARY_BUS);
		const auto secondary = function.config.u8(PCI_SECONDARY_BUS);
		if (!leadsOn(function) || !secondary || *secondary == 0 ||
		    *secondary == function.bdf.bus)
			continue;
		auto &claims = primary == function.bdf.bus ? bridges : doubtful;
		claims.emplace(Bus{function.bdf.domain, *secondary}, function.bdf);
	}
	bridges.insert(doubtful.begin(), doubtful.end());
	bridges.insert(tree.bridges.begin(), tree.bridges.end());
	return bridges;
}

static std::optional<int> expressType(const pci::Function &function)
{
	const auto express = function.config.capability(PCI_CAP_ID_EXP);
	const auto flags = function.config.u16(express.offset + size_t{PCI_EXP_FLAGS});
	if (express.seen != pci::Seen::yes || !flags)
		return std::nullopt;
	return (*flags & PCI_EXP_FLAGS_TYPE) >> 4;
}

// Such a function stands on a root bus and nowhere else.
static bool isRootKind(const pci::Function &function)
{
	const auto type = expressType(function);
	return function.classCode >> 8 == classBridgeHost || type == PCI_EXP_TYPE_ROOT_PORT ||
	       type == PCI_EXP_TYPE_RC_END || type == PCI_EXP_TYPE_RC_EC;
}

// No bridge leads to bus 0, but a lone line may have lost more than its bridge.
static bool showsBusZero(const Functions &functions, const pci::Function &function)
{
	if (function.bdf.bus != 0)
		return false;
	if (function.bdf.device == 0 ||
	    (leadsOn(function) && function.config.u8(PCI_SECONDARY_BUS)))
		return true;
	const auto &first = functions.front().bdf;
	return busOf(first) == busOf(function.bdf) && first.device != function.bdf.device;
}

static std::set<Bus> rootsOf(const Functions &functions, const Tree &tree, const Bridges &bridges)
{
	std::set<Bus> roots = tree.roots;
	for (const auto &function : functions)
		if (isRootKind(function) || showsBusZero(functions, function))
			roots.insert(busOf(function.bdf));
	for (const auto &[bus, bridge] : bridges)
		roots.erase(bus);
	return roots;
}

static std::string rootName(const Bus &bus)
{
	const auto name = pci::Bdf{bus.first, bus.second, 0, 0}.name();
	return name.substr(0, name.rfind(':'));
}

static std::string stepOf(const pci::Bdf &bdf)
{
	constexpr size_t length = 4; // dd.f
	const auto name = bdf.name();
	return name.substr(name.size() - length);
}

// The way down to each bus, worked out once.
class Ways
{
public:
	Ways(const Bridges &bridges, const std::set<Bus> &roots) : bridges_(bridges), roots_(roots)
	{
	}

	void place(pci::Function &function)
	{
		const auto &[rootBus, path] = wayTo(busOf(function.bdf));
		const auto bridge = bridges_.find(busOf(function.bdf));
		if (bridge != bridges_.end())
			function.parent = bridge->second;
		function.rootBus = rootBus;
		function.path =
			path.empty() ? function.bdf.name() : path + "/" + stepOf(function.bdf);
	}

private:
	struct Way {
		std::string rootBus, path;
	};

	// A ring of bridges ends where it was entered, without a root.
	const Way &wayTo(const Bus &bus)
	{
		const auto [known, isNew] = ways_.try_emplace(bus);
		Way &way = known->second;
		const auto bridge = bridges_.find(bus);
		if (!isNew || bridge == bridges_.end()) {
			if (isNew && roots_.contains(bus))
				way.rootBus = rootName(bus);
			return way;
		}
		const auto &[rootBus, path] = wayTo(busOf(bridge->second));
		way.rootBus = rootBus;
		way.path =
			path.empty() ? bridge->second.name() : path + "/" + stepOf(bridge->second);
		return way;
	}

	const Bridges &bridges_;
	const std::set<Bus> &roots_;
	std::map<Bus, Way> ways_;
};

static pci::Function *lookUp(Functions &functions, const pci::Bdf &bdf)
{
	const auto found = std::ranges::lower_bound(functions, bdf, {}, &pci::Function::bdf);
	return found != functions.end() && found->bdf == bdf ? &*found : nullptr;
}

// Stands beside its physical function, whatever its bus number says.
static void adopt(pci::Function &function, const pci::Function &physical)
{
	const size_t slash = physical.path.rfind('/');
	function.physfn = physical.bdf;
	function.rootBus = physical.rootBus;
	function.path = slash == std::string::npos
				? function.bdf.name()
				: physical.path.substr(0, slash + 1) + stepOf(function.bdf);
}

// Offset and stride count routing identifiers.
static void adoptVirtual(Functions &functions, const pci::Function &physical, size_t &budget)
{
	const auto &config = physical.config;
	const auto sriov = config.extended(PCI_EXT_CAP_ID_SRIOV);
	const auto control = config.u16(sriov.offset + size_t{PCI_SRIOV_CTRL});
	if (sriov.seen != pci::Seen::yes || !control || !(*control & PCI_SRIOV_CTRL_VFE))
		return;
	const unsigned count = config.u16(sriov.offset + PCI_SRIOV_NUM_VF).value_or(0);
	const unsigned offset = config.u16(sriov.offset + PCI_SRIOV_VF_OFFSET).value_or(0);
	const unsigned stride = config.u16(sriov.offset + PCI_SRIOV_VF_STRIDE).value_or(0);
	unsigned id =
		(physical.bdf.bus << 8 | physical.bdf.device << 3 | physical.bdf.function) + offset;
	for (unsigned i = 0; i < count && offset != 0 && id <= 0xffff && budget > 0;
	     i++, budget--) {
		const pci::Bdf bdf{physical.bdf.domain, static_cast<uint8_t>(id >> 8),
				   static_cast<uint8_t>(id >> 3 & 0x1f),
				   static_cast<uint8_t>(id & 7)};
		pci::Function *function = lookUp(functions, bdf);
		if (function && !function->physfn)
			adopt(*function, physical);
		if (stride == 0)
			return;
		id += stride;
	}
}

void place(Functions &functions, const Tree &tree)
{
	const auto bridges = bridgesOf(functions, tree);
	const auto roots = rootsOf(functions, tree, bridges);
	Ways ways(bridges, roots);
	for (auto &function : functions)
		ways.place(function);
	size_t budget = mostVirtual;
	for (const auto &function : functions)
		if (!function.physfn)
			adoptVirtual(functions, function, budget);
}

}
