// SPDX-License-Identifier: MIT
// The computer looked at: one record a function, read once from sysfs and procfs below a root
// folder ('' for the running machine). Nothing here touches a device.
#pragma once

#include "pci/acs.h"
#include "pci/address.h"
#include "pci/bdf.h"
#include "pci/config.h"
#include "pci/config_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pci
{

struct Bar {
	int index = 0;        // 0–5
	uint64_t start = 0;   // CPU physical address, from sysfs `resource`; 0 where not assigned
	uint64_t size = 0;    // bytes
	bool isMemory = true; // false: I/O ports
	bool is64 = false;
	bool isPrefetchable = false;
	std::optional<BusAddress> busAddress; // raw register; resource start where it reads 0 (VFs)
	std::optional<uint64_t> largest{}; // bytes it could have (Resizable BAR), of displays and
					   // accelerators
};

// A range of CPU physical addresses that a bridge forwards down; end is the last byte.
struct BridgeWindow {
	uint64_t start = 0;
	uint64_t end = 0;
	bool isMemory = true;
};

// Addresses that a client emits and its IOMMU does not translate freely; end is the last byte.
struct IovaRange {
	uint64_t start = 0;
	uint64_t end = 0;
};

struct Link {
	double speedGTs = 0; // 0 where unknown or no link
	int width = 0;
};

// The p2pmem folder in sysfs: memory that this function's driver gave to the kernel's pool.
struct P2pmem {
	uint64_t size = 0;
	uint64_t available = 0;
	bool isPublished = false;
};

// Memory that the kernel has made pages of its own of, for HMM.
struct DevicePrivate {
	std::optional<uint64_t> bytes{}; // nullopt where addresses are not for this user
};

enum class Role {
	endpoint,
	rootPort,
	upstreamPort,
	downstreamPort,
	bridge,
	rcIntegrated,
	hostBridge
};

struct Function {
	Bdf bdf;
	std::string folder;        // real path in sysfs, with the root folder in front
	std::string path;          // kernel path: 0000:00:01.0/00.0/02.0, survives renumbering
	std::string rootBus;       // '0000:00': domain and number of the bus at the top of the tree
	std::optional<Bdf> parent; // the bridge above (pci_upstream_bridge; a VF's: its PF's)
	std::optional<Bdf> physfn; // a VF's PF
	// Physical Slot Number of the nearest port above that has a slot (PCIe Base Specification,
	// 7.5.3.9); nullopt where none has, or none was read.
	std::optional<int> slot;
	Role role = Role::endpoint; // from the tree first, the Express type second

	uint16_t vendor = 0, device = 0, subVendor = 0, subDevice = 0;
	uint32_t classCode = 0; // 0xBBSSPP
	uint8_t revision = 0;
	std::string driver;         // '' where none is bound
	std::string driverOverride; // '' where unset
	std::optional<int> iommuGroup;
	// May this process open /dev/vfio/GROUP? Asked of functions on vfio-pci in the running
	// machine.
	std::optional<bool> isGroupOpen;
	// Its character device of VFIO, 'vfio0', which iommufd wants; '' where there is none, or
	// this process may not open it.
	std::string vfioDevice;
	std::vector<IovaRange> reservedIovas; // of its group
	std::optional<int> apertureBits;      // width of the addresses its IOMMU translates
	std::optional<int> numaNode;
	std::optional<int> dmaBits; // what its driver says it can address (dma_mask_bits)
	std::string powerState;     // D0, D3hot …; '' where unknown
	bool isEnabled = false;     // sysfs `enable` > 0

	Config config;
	Acs acs;               // from config
	std::vector<Bar> bars; // only those that exist
	std::vector<BridgeWindow> windows;
	bool hasResources = true; // false: nobody said which BARs there are
	Link link, maxLink;
	std::optional<P2pmem> p2pmem;
	std::optional<uint64_t> vram;        // bytes of its own memory, where amdgpu tells
	std::optional<uint64_t> visibleVram; // of those, what a BAR shows; all of an APU's
	std::optional<DevicePrivate> devicePrivate;
	std::vector<std::string> names;  // what the kernel calls it: nvme0, nvme0n1, card0, eth0
	std::optional<uint64_t> cmbSize; // bytes, where the nvme driver tells (class/nvme/*/cmbsz)

	const Bar *bar(int index) const;
};

// What became of the lines of a text.
struct Reading {
	size_t lines = 0;   // that are not blank
	size_t unread = 0;  // that meant nothing to the reader
	size_t twice = 0;   // functions that stood there before
	bool isCut = false; // it ends in the midst of a function
};

// Where somebody who may read more has left a capture of this machine for those who may not.
struct Supply {
	std::string path;
	// Why it is not taken, by code, and what of it is to blame: 'absent', 'closed', 'owner',
	// 'writable', 'link', 'kind', 'size', 'broken', 'other-boot'; '' where it is.
	std::string refusal, detail;
};

struct Machine {
	std::string source = "live"; // 'live', 'sysroot', 'capture', 'lspci'
	std::string root;            // '' or the folder of a sysroot
	std::string kernel;          // release, '' where unknown
	std::string cpuVendor;       // 'AuthenticAMD' …, '' where unknown
	std::optional<int> cpuFamily;
	std::string cpuName;
	std::string commandLine;
	std::string bootId; // the kernel's random number for this boot, '' where unknown
	std::optional<Reading> reading;
	std::optional<Supply> supply;     // where one was looked for
	std::vector<std::string> assumed; // what nobody read, by code
	std::optional<std::string>
		guest;                  // hypervisor or DMI product where this is a virtual machine
	bool isLab = false;             // DMI product p2p-lab: its ports are taken as hardware
	std::optional<bool> hasIommu;   // any IOMMU group or class/iommu entry
	std::optional<bool> hasVfioPci; // the driver is loaded
	// There is iommufd, and in the running machine this process may open it.
	std::optional<bool> hasIommufd;
	// Bytes of host memory that this process may pin; nullopt: as much as it likes, or not
	// asked.
	std::optional<uint64_t> memlock;
	// Root buses of which an excerpt may lack the first function.
	std::vector<std::string> cutBuses;
	std::vector<Function> functions; // ascending by bdf

	// From records in any order to a machine: sorts them and fills in what depends on others.
	void finish();

	// Control characters in free text become '?': a listing and files of a copy of sysfs may
	// hold anything, and a terminal would obey it.
	void makePlain();

	// Of a function not all could be read: this process has not the privilege.
	bool isCut() const;
	// What this process may not read, from a capture that was made in the same boot: of ports
	// the configuration space, of other functions the ACS registers and nothing else. A
	// function that is another one by now gets nothing. False, and nothing, where it is of
	// another boot.
	bool supplyFrom(const Machine &capture);

	// Reads everything under root + '/sys' and '/proc'.
	static Machine scan(const std::string &root, Depth depth = Depth::needed);

	// What a user names: bdf, kernel path, kernel name (nvme0n1, card0) or
	// VENDOR:DEVICE[@SLOT], which may be several. Error P2P_NO_FUNCTION (facts: name),
	// P2P_UNREAD_SLOT (name, bdf: which may be it), or P2P_BAD_NAME where it is none of these
	// forms.
	std::vector<const Function *> findAll(const std::string &name) const;
	// The only one; Error P2P_SEVERAL (name, has) besides.
	const Function &find(const std::string &name) const;
	const Function &at(const Bdf &bdf) const;
	const Function *lookUp(const Bdf &bdf) const;
};

}
