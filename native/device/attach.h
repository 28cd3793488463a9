// SPDX-License-Identifier: MIT
// Which engine drives which function: one line a kind of device.
#pragma once

#include "device/client.h"
#include "vfio/container.h"

#include <memory>

namespace device
{

struct AttachOptions {
	uint32_t medium = 1; // NVMe: the namespace
	unsigned queues = 2;
	unsigned depth = 64;
};

// The engine's name for a function ('nvme'), '' where there is none. Looks at the class only.
std::string engineFor(const pci::Function &function);

// Takes the function and brings its engine up. Error P2P_NO_ENGINE; else as the engine's.
std::unique_ptr<Client> attach(vfio::Container &container, vfio::IovaPlan &plan,
			       const pci::Function &function, const AttachOptions &options);

}
