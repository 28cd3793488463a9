// SPDX-License-Identifier: MIT
// Which engine drives which function: one line a kind of device.
#pragma once

#include "device/client.h"
#include "device/nvme_controller.h"
#include "vfio/address_space.h"

#include <map>
#include <memory>
#include <string>

namespace device
{

struct AttachOptions {
	uint32_t medium = 1; // NVMe: the namespace
	Memory memory{};     // of an engine between memories: what it reads from
	unsigned queues = 2;
	unsigned depth = 64;
};

// The engine's name for a function ('nvme'), '' where there is none. Looks at class and id only.
std::string engineFor(const pci::Function &function);
// Is it an engine that carries bytes from one memory to another?
bool carriesMemory(const pci::Function &function);
// Bits of the addresses that it can emit.
unsigned addressBits(const pci::Function &function);

// The engines in one address space. A controller that two clients share is brought up once.
class Engines
{
public:
	Engines(vfio::AddressSpace &space, vfio::IovaPlan &plan) : space_(space), plan_(plan) {}

	// Takes the function and brings its engine up. Error P2P_NO_ENGINE; else as the engine's.
	std::unique_ptr<Client> attach(const pci::Function &function, const AttachOptions &options);

private:
	std::unique_ptr<Client> attachNamespace(const pci::Function &function,
						const AttachOptions &options);

	vfio::AddressSpace &space_;
	vfio::IovaPlan &plan_;
	std::map<std::string, std::weak_ptr<nvme::Controller>> controllers_; // by bdf
};

}
