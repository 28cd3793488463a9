// SPDX-License-Identifier: MIT
#include "device/engines.h"

#include "device/edu.h"
#include "device/i82574.h"
#include "device/lsi53c895a.h"
#include "device/nvme.h"
#include "sys/error.h"

namespace device
{

// PCI Code and ID Assignment: mass storage, non-volatile memory, NVM Express I/O controller.
static constexpr uint32_t nvmeClass = 0x010802;

std::string engineFor(const pci::Function &function)
{
	if (function.classCode == nvmeClass)
		return "nvme";
	if (function.vendor == 0x1000 && function.device == 0x0012)
		return "lsi53c895a";
	if (function.vendor == 0x1234 && function.device == 0x11e8)
		return "edu";
	if (function.vendor == 0x8086 && function.device == 0x10d3)
		return "i82574";
	return "";
}

bool carriesMemory(const pci::Function &function)
{
	const auto engine = engineFor(function);
	return !engine.empty() && engine != "nvme";
}

unsigned addressBits(const pci::Function &function)
{
	const auto engine = engineFor(function);
	if (engine == "lsi53c895a")
		return Lsi53c895a::addressBits;
	return engine == "edu" ? Edu::addressBits : 64;
}

std::unique_ptr<Client> Engines::attach(const pci::Function &function, const AttachOptions &options)
{
	const auto engine = engineFor(function);
	if (engine == "lsi53c895a")
		return std::make_unique<Lsi53c895a>(space_, plan_, function, options.memory);
	if (engine == "edu")
		return std::make_unique<Edu>(space_, function, options.memory);
	if (engine == "i82574")
		return std::make_unique<I82574>(space_, plan_, function, options.memory);
	if (engine == "nvme")
		return attachNamespace(function, options);
	throw sys::Error("P2P_NO_ENGINE", "no engine for " + function.bdf.name(),
			 {{"bdf", function.bdf.name()}});
}

std::unique_ptr<Client> Engines::attachNamespace(const pci::Function &function,
						 const AttachOptions &options)
{
	auto &known = controllers_[function.bdf.name()];
	auto controller = known.lock();
	if (!controller)
		known = controller = std::make_shared<nvme::Controller>(space_, plan_, function);
	return std::make_unique<Nvme>(space_, plan_, std::move(controller),
				      NvmeOptions{.nsid = options.medium,
						  .queues = options.queues,
						  .depth = options.depth});
}

}
