// SPDX-License-Identifier: MIT
#include "device/attach.h"

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

std::unique_ptr<Client> attach(vfio::Container &container, vfio::IovaPlan &plan,
			       const pci::Function &function, const AttachOptions &options)
{
	if (engineFor(function) == "nvme")
		return std::make_unique<Nvme>(container, plan, function,
					      NvmeOptions{.nsid = options.medium,
							  .queues = options.queues,
							  .depth = options.depth});
	throw sys::Error("P2P_NO_ENGINE", "no engine for " + function.bdf.name(),
			 {{"bdf", function.bdf.name()}});
}

}
