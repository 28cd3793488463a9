// SPDX-License-Identifier: MIT
// libFuzzer: any bytes may be given for configuration space. npm run fuzz builds and runs it.
#include "pci/acs.h"

#include <cstdlib>
#include <linux/pci_regs.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > PCI_CFG_SPACE_EXP_SIZE)
		return 0;
	const std::string bytes(reinterpret_cast<const char *>(data), size); // NOLINT
	pci::Config config(bytes, size % 2 ? std::optional<size_t>(size) : std::nullopt);
	const auto acs = pci::readAcs(config);
	pci::stopsEgress(config, acs, static_cast<unsigned>(size));
	for (const auto &found : config.capabilities())
		if (found.offset >= PCI_CFG_SPACE_SIZE)
			abort();
	for (const auto &found : config.extendedCapabilities())
		if (found.offset < PCI_CFG_SPACE_SIZE)
			abort();
	const auto again = pci::Config::parse(config.hex());
	if (!again || again->hex() != config.hex())
		abort();
	return 0;
}
