// SPDX-License-Identifier: MIT
#include "device/engines.h"

#include "device/nvme.h"
#include "sys/error.h"

namespace device
{

// PCI Code and ID Assignment: mass storage, non-volatile memory, NVM Express I/O controller.
static constexpr uint32_t nvmeClass = 0x010802;

std::string engineFor(const pci::Function &function)
{
	return function.classCode == nvmeClass ? "nvme" : "";
}

bool carriesMemory(const pci::Function &)
{
	return false;
}

std::unique_ptr<Client> Engines::attach(const pci::Function &function, const AttachOptions &options)
{
	if (engineFor(function) != "nvme")
		throw sys::Error("P2P_NO_ENGINE", "no engine for " + function.bdf.name(),
				 {{"bdf", function.bdf.name()}});

	auto &known = controllers_[function.bdf.name()];
	auto controller = known.lock();
	if (!controller)
		known = controller =
			std::make_shared<nvme::Controller>(container_, plan_, function);
	return std::make_unique<Nvme>(container_, plan_, std::move(controller),
				      NvmeOptions{.nsid = options.medium,
						  .queues = options.queues,
						  .depth = options.depth});
}

}
