// SPDX-License-Identifier: MIT
// What others noticed while a copy ran: the IOMMU, the ports' error counters, the controllers. A
// device can report success for requests that were refused on the way.
#pragma once

#include "device/client.h"
#include "sys/error.h"
#include "sys/kernel_log.h"
#include "transfer/fault.h"
#include "transfer/plan.h"

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace transfer
{

// Requests of one function that the IOMMU refused: what the kernel logged of them, which is not
// all of them (it limits their rate).
struct IommuFaults {
	pci::Bdf function; // of this copy
	uint64_t count = 0;
	Fault first{};
};

// An error counter of a function or port that moved (AER).
struct AerCount {
	pci::Bdf function;
	std::string severity; // 'correctable', 'nonfatal', 'fatal'
	std::string name;     // 'BadTLP', 'UnsupReq' and so on, as the kernel shortens them
	uint64_t count = 0;   // by which it moved
};

// What a controller wrote into its log of errors.
struct NvmeError {
	pci::Bdf function;
	device::nvme::LoggedError error{};
};

using Testimony = std::variant<IommuFaults, AerCount, NvmeError>;

// The counters of one severity, as sysfs has them: lines 'NAME COUNT', without the total.
std::map<std::string, uint64_t> aerCounts(const std::string &text);

class Witness
{
public:
	// Remembers how things stand. source, sink: nullptr where there is none; they and the
	// machine must outlive it.
	Witness(const pci::Machine &machine, const Plan &plan, device::Client *source,
		device::Client *sink);

	// What has happened since. Nothing that cannot be read is an error.
	std::vector<Testimony> testify() const;
	// The kernel's log is closed to this process: what the IOMMU refuses is not known.
	bool isDeaf() const { return !clients_.empty() && !log_.isOpen(); }
	// To an Error that ends the copy: the facts faults, faultFunction.
	void testify(sys::Error &error) const;

private:
	// A controller that carries: the highest count in its log before.
	struct Controller {
		device::Client *client;
		pci::Bdf function;
		uint64_t before;
	};
	using Counts = std::map<std::string, uint64_t>; // by name

	void watch(const pci::Function &function);
	bool isKnown(const pci::Bdf &function) const;
	std::vector<pci::Bdf> requesters(const pci::Function &client) const;
	void addFaults(std::vector<Testimony> &all) const;
	void addCounts(std::vector<Testimony> &all) const;
	void addErrors(std::vector<Testimony> &all) const;

	const pci::Machine &machine_;
	std::vector<pci::Function> clients_;
	std::map<pci::Bdf, std::map<std::string, Counts>> counters_; // by function, severity
	std::vector<Controller> controllers_;
	sys::KernelLog log_;
};

// Did the IOMMU refuse a request of the copy's own functions?
bool isFaulted(const std::vector<Testimony> &testimonies);

}
