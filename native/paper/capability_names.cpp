// SPDX-License-Identifier: MIT
#include "paper/capability_names.h"

#include "paper/words.h"

#include <algorithm>
#include <array>
#include <linux/pci_regs.h>

namespace paper
{

struct Name {
	std::string_view name;
	uint16_t id;
};

// The first words of each name: a mail may have broken the line behind them.
constexpr std::array standard = {
	Name{"Null", 0},
	Name{"Power Management", PCI_CAP_ID_PM},
	Name{"AGP3", PCI_CAP_ID_AGP3},
	Name{"AGP", PCI_CAP_ID_AGP},
	Name{"Vital Product Data", PCI_CAP_ID_VPD},
	Name{"Slot ID", PCI_CAP_ID_SLOTID},
	Name{"MSI-X", PCI_CAP_ID_MSIX},
	Name{"MSI", PCI_CAP_ID_MSI},
	Name{"Message Signalled Interrupts", PCI_CAP_ID_MSI},
	Name{"CompactPCI hot-swap", PCI_CAP_ID_CHSWP},
	Name{"CompactPCI central", PCI_CAP_ID_CCRC},
	Name{"PCI-X", PCI_CAP_ID_PCIX},
	Name{"HyperTransport", PCI_CAP_ID_HT},
	Name{"Vendor Specific", PCI_CAP_ID_VNDR},
	Name{"Debug port", PCI_CAP_ID_DBG},
	Name{"Hot-plug capable", PCI_CAP_ID_SHPC},
	Name{"Subsystem", PCI_CAP_ID_SSVID},
	Name{"Secure device", PCI_CAP_ID_SECDEV},
	Name{"Express", PCI_CAP_ID_EXP},
	Name{"SATA HBA", PCI_CAP_ID_SATA},
	Name{"PCI Advanced Features", PCI_CAP_ID_AF},
	Name{"Enhanced Allocation", PCI_CAP_ID_EA},
};

// Newer than the pci_regs.h of some systems.
constexpr uint16_t vfResizable = 0x24, hierarchyId = 0x28, npem = 0x29, alternateProtocol = 0x2b,
		   flitLogging = 0x32;

constexpr std::array extended = {
	Name{"Advanced Error", PCI_EXT_CAP_ID_ERR},
	Name{"Virtual Channel", PCI_EXT_CAP_ID_VC},
	Name{"Device Serial", PCI_EXT_CAP_ID_DSN},
	Name{"Power Budgeting", PCI_EXT_CAP_ID_PWR},
	Name{"Root Complex Link", PCI_EXT_CAP_ID_RCLD},
	Name{"Root Complex Internal Link", PCI_EXT_CAP_ID_RCILC},
	Name{"Root Complex Event Collector", PCI_EXT_CAP_ID_RCEC},
	Name{"Root Complex Register Block", PCI_EXT_CAP_ID_RCRB},
	Name{"Multi-Function Virtual", PCI_EXT_CAP_ID_MFVC},
	Name{"Multi-Root", PCI_EXT_CAP_ID_MRIOV},
	Name{"Vendor Specific", PCI_EXT_CAP_ID_VNDR},
	Name{"Access Control", PCI_EXT_CAP_ID_ACS},
	Name{"Alternative Routing", PCI_EXT_CAP_ID_ARI},
	Name{"Address Translation", PCI_EXT_CAP_ID_ATS},
	Name{"Single Root", PCI_EXT_CAP_ID_SRIOV},
	Name{"Multicast", PCI_EXT_CAP_ID_MCAST},
	Name{"Page Request", PCI_EXT_CAP_ID_PRI},
	Name{"Physical Resizable BAR", PCI_EXT_CAP_ID_REBAR},
	Name{"Resizable BAR", PCI_EXT_CAP_ID_REBAR},
	Name{"Virtual Resizable BAR", vfResizable},
	Name{"VF Resizable BAR", vfResizable},
	Name{"Dynamic Power", PCI_EXT_CAP_ID_DPA},
	Name{"Transaction Processing", PCI_EXT_CAP_ID_TPH},
	Name{"Latency Tolerance", PCI_EXT_CAP_ID_LTR},
	Name{"Secondary PCI Express", PCI_EXT_CAP_ID_SECPCI},
	Name{"Protocol Multiplexing", PCI_EXT_CAP_ID_PMUX},
	Name{"Process Address Space", PCI_EXT_CAP_ID_PASID},
	Name{"Downstream Port Containment", PCI_EXT_CAP_ID_DPC},
	Name{"L1 PM Substates", PCI_EXT_CAP_ID_L1SS},
	Name{"Precision Time", PCI_EXT_CAP_ID_PTM},
	Name{"Designated Vendor-Specific", PCI_EXT_CAP_ID_DVSEC},
	Name{"Data Link Feature", PCI_EXT_CAP_ID_DLF},
	Name{"Physical Layer 16", PCI_EXT_CAP_ID_PL_16GT},
	Name{"Hierarchy ID", hierarchyId},
	Name{"Native PCIe Enclosure", npem},
	Name{"Alternate Protocol", alternateProtocol},
	Name{"Data Object Exchange", PCI_EXT_CAP_ID_DOE},
	Name{"Flit Logging", flitLogging},
};

constexpr uint16_t unknownStandard = 0xfe;
constexpr uint16_t unknownExtended = 0xfffe;

template <size_t N>
static uint16_t find(std::string_view name, const std::array<Name, N> &names, uint16_t other)
{
	for (const auto &[known, id] : names)
		if (name.starts_with(known))
			return id;
	return other;
}

// '#19', 'Capability ID 0x15 [0000]', 'Extended Capability ID 0x30': all hexadecimal.
static std::optional<uint64_t> numberOf(std::string_view name)
{
	if (name.starts_with('#'))
		return numberAt(name.substr(1), 16);
	return numberBehind(name, "apability ID ", 16);
}

uint16_t capabilityByName(std::string_view name)
{
	const auto number = numberOf(name);
	return find(name, standard,
		    number && *number < 0xff ? static_cast<uint16_t>(*number) : unknownStandard);
}

uint16_t extendedByName(std::string_view name)
{
	const auto number = numberOf(name);
	return find(name, extended,
		    number && *number < 0xffff ? static_cast<uint16_t>(*number) : unknownExtended);
}

// The longer names first: others stand at their end. 'PCI/PCI-X Bridge' is what old ones call the
// first of the two.
constexpr std::array expressTypes = {
	Name{"Root Complex Integrated", PCI_EXP_TYPE_RC_END},
	Name{"Root Complex Event", PCI_EXP_TYPE_RC_EC},
	Name{"Root Port", PCI_EXP_TYPE_ROOT_PORT},
	Name{"Upstream Port", PCI_EXP_TYPE_UPSTREAM},
	Name{"Downstream Port", PCI_EXP_TYPE_DOWNSTREAM},
	Name{"PCI/PCI-X to PCI-Express", PCI_EXP_TYPE_PCIE_BRIDGE},
	Name{"PCI/PCI-X", PCI_EXP_TYPE_PCI_BRIDGE},
	Name{"Legacy Endpoint", PCI_EXP_TYPE_LEG_END},
	Name{"Endpoint", PCI_EXP_TYPE_ENDPOINT},
};

std::optional<uint16_t> expressFlags(std::string_view name)
{
	const auto type = std::ranges::find_if(expressTypes, [&](const Name &known) {
		return name.find(known.name) != std::string_view::npos;
	});
	if (type == expressTypes.end())
		return std::nullopt;
	const auto version = numberBehind(name, "(v").value_or(1) & PCI_EXP_FLAGS_VERS;
	const auto message = name.find("MSI ") != std::string_view::npos
				     ? numberBehind(name, "MSI ", 16)
				     : numberBehind(name, "IntMsgNum ");
	const bool isSlot = name.find("(Slot+)") != std::string_view::npos;
	return static_cast<uint16_t>(version | type->id << 4 | (isSlot ? PCI_EXP_FLAGS_SLOT : 0) |
				     (message.value_or(0) << 9 & PCI_EXP_FLAGS_IRQ));
}

}
