// SPDX-License-Identifier: MIT
#include "paper/capability_names.h"

#include "paper/words.h"

#include <array>
#include <linux/pci_regs.h>

namespace paper
{

struct Name {
	std::string_view name;
	uint16_t id;
};

constexpr std::array standard = {
	Name{"Power Management", PCI_CAP_ID_PM},
	Name{"AGP3", PCI_CAP_ID_AGP3},
	Name{"AGP", PCI_CAP_ID_AGP},
	Name{"Vital Product Data", PCI_CAP_ID_VPD},
	Name{"Slot ID", PCI_CAP_ID_SLOTID},
	Name{"MSI-X", PCI_CAP_ID_MSIX},
	Name{"MSI", PCI_CAP_ID_MSI},
	Name{"PCI-X", PCI_CAP_ID_PCIX},
	Name{"HyperTransport", PCI_CAP_ID_HT},
	Name{"Vendor Specific Information", PCI_CAP_ID_VNDR},
	Name{"Debug port", PCI_CAP_ID_DBG},
	Name{"Subsystem", PCI_CAP_ID_SSVID},
	Name{"Express", PCI_CAP_ID_EXP},
	Name{"SATA HBA", PCI_CAP_ID_SATA},
	Name{"PCI Advanced Features", PCI_CAP_ID_AF},
	Name{"Enhanced Allocation", PCI_CAP_ID_EA},
};

constexpr std::array extended = {
	Name{"Advanced Error Reporting", PCI_EXT_CAP_ID_ERR},
	Name{"Virtual Channel", PCI_EXT_CAP_ID_VC},
	Name{"Device Serial Number", PCI_EXT_CAP_ID_DSN},
	Name{"Power Budgeting", PCI_EXT_CAP_ID_PWR},
	Name{"Root Complex Link", PCI_EXT_CAP_ID_RCLD},
	Name{"Vendor Specific Information", PCI_EXT_CAP_ID_VNDR},
	Name{"Access Control Services", PCI_EXT_CAP_ID_ACS},
	Name{"Alternative Routing-ID", PCI_EXT_CAP_ID_ARI},
	Name{"Address Translation Service", PCI_EXT_CAP_ID_ATS},
	Name{"Single Root I/O Virtualization", PCI_EXT_CAP_ID_SRIOV},
	Name{"Multicast", PCI_EXT_CAP_ID_MCAST},
	Name{"Page Request Interface", PCI_EXT_CAP_ID_PRI},
	Name{"Physical Resizable BAR", PCI_EXT_CAP_ID_REBAR},
	Name{"Transaction Processing Hints", PCI_EXT_CAP_ID_TPH},
	Name{"Latency Tolerance Reporting", PCI_EXT_CAP_ID_LTR},
	Name{"Secondary PCI Express", PCI_EXT_CAP_ID_SECPCI},
	Name{"Process Address Space ID", PCI_EXT_CAP_ID_PASID},
	Name{"Downstream Port Containment", PCI_EXT_CAP_ID_DPC},
	Name{"L1 PM Substates", PCI_EXT_CAP_ID_L1SS},
	Name{"Precision Time Measurement", PCI_EXT_CAP_ID_PTM},
	Name{"Designated Vendor-Specific", PCI_EXT_CAP_ID_DVSEC},
	Name{"Data Link Feature", PCI_EXT_CAP_ID_DLF},
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

uint16_t capabilityByName(std::string_view name)
{
	return find(name, standard, unknownStandard);
}

uint16_t extendedByName(std::string_view name)
{
	return find(name, extended, unknownExtended);
}

// The longer names first: others start with them.
constexpr std::array expressTypes = {
	Name{"Root Complex Integrated Endpoint", PCI_EXP_TYPE_RC_END},
	Name{"Root Complex Event Collector", PCI_EXP_TYPE_RC_EC},
	Name{"Root Port", PCI_EXP_TYPE_ROOT_PORT},
	Name{"Upstream Port", PCI_EXP_TYPE_UPSTREAM},
	Name{"Downstream Port", PCI_EXP_TYPE_DOWNSTREAM},
	Name{"PCI-Express to PCI", PCI_EXP_TYPE_PCI_BRIDGE},
	Name{"PCI/PCI-X to PCI-Express", PCI_EXP_TYPE_PCIE_BRIDGE},
	Name{"Legacy Endpoint", PCI_EXP_TYPE_LEG_END},
	Name{"Endpoint", PCI_EXP_TYPE_ENDPOINT},
};

uint16_t expressFlags(std::string_view name)
{
	auto rest = trimmed(name.substr(std::string_view("Express").size()));
	unsigned version = 1;
	if (rest.starts_with("(v")) {
		version = static_cast<unsigned>(numberAt(rest.substr(2), 10).value_or(1)) & 0xf;
		rest = trimmed(behind(rest, ")"));
	}
	const unsigned type = find(rest, expressTypes, PCI_EXP_TYPE_ENDPOINT);
	const unsigned slot =
		rest.find("(Slot+)") != std::string_view::npos ? PCI_EXP_FLAGS_SLOT : 0;
	return static_cast<uint16_t>(version | type << 4 | slot);
}

}
