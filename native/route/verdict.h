// SPDX-License-Identifier: MIT
// May this client reach that provider? Three opinions and the word that follows from them
// (shared contract: the verdict). Pure: everything is in the Machine already.
#pragma once

#include "pci/machine.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace route
{

// enum pci_p2pdma_map_type of include/linux/pci-p2pdma.h, by name.
enum class MapType { unknown, notSupported, busAddr, thruHostBridge };

// What the kernel's p2pdma says: calc_map_type_and_dist() of drivers/pci/p2pdma.c.
struct KernelView {
	MapType mapType = MapType::unknown;
	std::optional<int> distance;
	std::vector<pci::Bdf> redirects; // in the kernel's order of discovery
	std::string hostBridge; // 'vvvv:dddd' that is not in the list, where that decided; '' else
};

// What the hardware does with a TLP, decided where the routes part.
enum class Turn { unknown, direct, redirected, blocked, throughRoot };

struct Culprit {
	pci::Bdf bdf;
	std::vector<std::string> bits; // 'rr', 'cr', 'ec'
};

// A finding by code with its facts.
using Condition = std::map<std::string, std::string>;

// The slowest link of a route, named after the function below it.
struct Bottleneck {
	pci::Bdf bdf;
	pci::Link link;
	int payload = 128;         // bytes a TLP: the smallest Max_Payload_Size of the route
	double bytesPerSecond = 0; // of payload, one direction, encoding and headers taken off
};

struct FabricView {
	Turn request = Turn::unknown;
	Turn completion = Turn::unknown;
	std::optional<pci::Bdf> turnsAt; // the meeting bridge; nullopt through the root complex
	std::vector<Culprit> culprits;
	std::vector<pci::Bdf> route; // the bridges from client to provider, both ends left out
	// Conditions of life that fail: 'memory-off' {bdf}, 'bus-master-off', 'not-assigned',
	// 'd-state', 'link-below-max', 'payload-mismatch', 'beyond-reach' …
	std::vector<Condition> conditions;
	std::optional<Bottleneck> link;
};

// What stands between now and a VFIO mapping.
struct VfioView {
	std::optional<bool> isReady;
	std::string
		mechanism; // 'type1', 'iommufd', 'sysfs' (the provider by resourceN), '' unknown
	// By code with facts: 'no-iommu', 'client-driver' {bdf, driver}, 'provider-driver',
	// 'group-not-viable' {group, members}, 'no-bar', 'group-permission', 'asleep' {asleep,
	// state} …
	std::vector<std::map<std::string, std::string>> blockers;
	// What a mapping would meet: 'beyond-aperture' {bar, bits, address}, 'reserved-iova' {bar,
	// address}, 'not-mappable' {bar}, 'memlock' {bytes}.
	std::vector<std::map<std::string, std::string>> limits;
};

enum class Word : uint8_t { unknown, no, throughRoot, direct };

struct Verdict {
	pci::Bdf client, provider;
	Word word = Word::unknown;
	KernelView kernel;
	FabricView fabric;
	VfioView vfio;
	std::vector<std::string> missing; // what could not be read: '0000:02:00.0 ACS'
};

KernelView kernelView(const pci::Machine &machine, const pci::Function &client,
		      const pci::Function &provider, std::vector<std::string> &missing);
// Request and completion alone; fabricView() adds all that surrounds them.
FabricView fabricTurns(const pci::Machine &machine, const pci::Function &client,
		       const pci::Function &provider, std::vector<std::string> &missing);
FabricView fabricView(const pci::Machine &machine, const pci::Function &client,
		      const pci::Function &provider, std::vector<std::string> &missing);
// What the kernel writes to its log as it decides, the client's name in front left out.
std::vector<std::string> kernelLog(const KernelView &view, const pci::Bdf &provider);
VfioView vfioView(const pci::Machine &machine, const pci::Function &client,
		  const pci::Function &provider);
// Why these functions cannot be opened and the provider's BAR mapped through iommufd: 'no-device'
// (no /dev/iommu, or not for us), 'no-cdev', 'provider' (not on vfio-pci, so that nobody exports
// its BAR), 'kernel' (too old to export one); '' where nothing stands before it. provider nullptr:
// host memory alone is mapped.
std::string iommufdObstacle(const pci::Machine &machine,
			    const std::vector<const pci::Function *> &functions,
			    const pci::Function *provider);

// The word alone, as verdict() has it, for a fraction of its cost.
Word wordOf(const pci::Machine &machine, const pci::Function &client,
	    const pci::Function &provider);
Verdict verdict(const pci::Machine &machine, const pci::Function &client,
		const pci::Function &provider);

}
