// SPDX-License-Identifier: MIT
#include "pci/machine.h"

#include "pci/device_private.h"
#include "pci/function.h"
#include "pci/names.h"
#include "pci/platform.h"
#include "sys/error.h"
#include "sys/file.h"

#include <algorithm>
#include <linux/pci_regs.h>
#include <tuple>

namespace pci
{

const Bar *Function::bar(int index) const
{
	const auto found = std::ranges::find(bars, index, &Bar::index);
	return found == bars.end() ? nullptr : &*found;
}

static std::vector<Bdf> listFunctions(const std::string &root)
{
	const std::string folder = root + "/sys/bus/pci/devices";
	if (!root.empty() && !sys::exists(folder))
		throw sys::Error("P2P_NO_MACHINE", folder + " is missing", {{"root", root}});

	std::vector<Bdf> bdfs;
	for (const auto &name : sys::list(folder))
		if (const auto bdf = Bdf::parse(name))
			bdfs.push_back(*bdf);
	std::ranges::sort(bdfs);
	return bdfs;
}

// A VF hangs where its PF does, although its bus number may say otherwise.
static void adoptPhysicalParent(Machine &machine, Function &function)
{
	if (!function.physfn)
		return;
	if (const Function *physical = machine.lookUp(*function.physfn))
		function.parent = physical->parent;
}

// Parents first: a port's role depends on the one above it.
static void assignRoles(Machine &machine)
{
	std::vector<Function *> order;
	for (Function &function : machine.functions)
		order.push_back(&function);
	std::ranges::stable_sort(order, {}, [](const Function *f) { return f->path.size(); });
	for (Function *function : order) {
		const Function *parent =
			function->parent ? machine.lookUp(*function->parent) : nullptr;
		function->role = roleOf(*function, parent);
	}
}

static std::optional<int> slotBelow(const Function &port)
{
	const auto express = port.config.capability(PCI_CAP_ID_EXP);
	const auto flags = port.config.u16(express.offset + size_t{PCI_EXP_FLAGS});
	const auto capabilities = port.config.u32(express.offset + size_t{PCI_EXP_SLTCAP});
	if (express.seen != Seen::yes || !flags || !(*flags & PCI_EXP_FLAGS_SLOT) || !capabilities)
		return std::nullopt;
	return static_cast<int>((*capabilities & PCI_EXP_SLTCAP_PSN) >> 19);
}

static std::optional<int> slotOf(const Machine &machine, const Function &function)
{
	for (auto parent = function.parent; parent;) {
		const Function *port = machine.lookUp(*parent);
		if (!port || port->config.capability(PCI_CAP_ID_EXP).seen == Seen::unknown)
			return std::nullopt;
		if (const auto slot = slotBelow(*port))
			return slot;
		parent = port->parent;
	}
	return std::nullopt;
}

// A capture may say anything: a way up that leads back, or is longer than there are buses, ends.
static void cutCircles(Machine &machine)
{
	constexpr int most = 256;
	for (Function &function : machine.functions) {
		int steps = 0;
		for (auto above = function.parent; above;) {
			const Function *port = machine.lookUp(*above);
			if (*above == function.bdf || ++steps > most) {
				function.parent.reset();
				break;
			}
			above = port ? port->parent : std::nullopt;
		}
	}
}

void Machine::finish()
{
	std::ranges::stable_sort(functions, {}, &Function::bdf);
	for (Function &function : functions) {
		adoptPhysicalParent(*this, function);
		function.acs = readAcs(function.config);
	}
	cutCircles(*this);
	assignRoles(*this);
	for (Function &function : functions)
		function.slot = slotOf(*this, function);
}

static void makePlain(std::string &text)
{
	unsigned char before = 0;
	for (char &c : text) {
		const auto byte = static_cast<unsigned char>(c);
		// U+0080 to U+009F have two bytes in UTF-8.
		const bool isWide = before == 0xc2 && byte >= 0x80 && byte < 0xa0;
		if (byte < ' ' || byte == 0x7f || isWide)
			c = '?';
		before = byte;
	}
}

void Machine::makePlain()
{
	for (auto *text : {&kernel, &cpuVendor, &cpuName, &commandLine, &bootId})
		pci::makePlain(*text);
	if (guest)
		pci::makePlain(*guest);
	for (Function &function : functions) {
		for (auto *text : {&function.driver, &function.driverOverride, &function.powerState,
				   &function.vfioDevice})
			pci::makePlain(*text);
		for (auto &name : function.names)
			pci::makePlain(name);
	}
}

bool Machine::isCut() const
{
	return std::ranges::any_of(functions, [](const Function &f) { return f.config.isCut(); });
}

static bool isPort(const Function &function)
{
	return !isEndpoint(function) && function.role != Role::hostBridge;
}

// The same function at the same place. What a port is connected to are its bus numbers.
static bool isSame(const Function &one, const Function &other)
{
	const auto identity = [](const Function &f) {
		return std::tie(f.path, f.vendor, f.device, f.subVendor, f.subDevice, f.classCode,
				f.revision);
	};
	const auto buses = [](const Function &f) {
		return std::tuple(f.config.u8(PCI_PRIMARY_BUS), f.config.u8(PCI_SECONDARY_BUS),
				  f.config.u8(PCI_SUBORDINATE_BUS));
	};
	return identity(one) == identity(other) && one.config.space() == other.config.space() &&
	       (!isPort(one) || buses(one) == buses(other));
}

bool Machine::supplyFrom(const Machine &capture)
{
	if (bootId.empty() || bootId != capture.bootId)
		return false;

	std::vector<std::pair<Function *, const Function *>> ends;
	for (Function &function : functions) {
		const Function *known = capture.lookUp(function.bdf);
		if (!known || !function.config.isCut() || !isSame(function, *known))
			continue;
		if (isPort(function))
			function.config.extend(known->config);
		else
			ends.emplace_back(&function, known);
	}
	finish();
	for (const auto &[function, known] : ends)
		function->acs = known->acs;
	return true;
}

Machine Machine::scan(const std::string &root, Depth depth)
{
	Machine machine;
	machine.root = root;
	machine.source = root.empty() ? "live" : "sysroot";
	for (const Bdf &bdf : listFunctions(root))
		if (auto function = readFunction(root, bdf, depth))
			machine.functions.push_back(std::move(*function));
	machine.finish();
	readNames(machine);
	readDevicePrivate(machine);
	readPlatform(machine);
	machine.makePlain();
	return machine;
}

const Function *Machine::lookUp(const Bdf &bdf) const
{
	const auto found = std::ranges::lower_bound(functions, bdf, {}, &Function::bdf);
	return found != functions.end() && found->bdf == bdf ? &*found : nullptr;
}

}
