// SPDX-License-Identifier: MIT
// Everything that a copy holds while it runs: address space, memory, clients. Declared in the order
// of need, so that the end comes in the order of safety: the clients fall silent, then their
// windows close, then the functions go back.
#pragma once

#include "device/engines.h"
#include "device/file.h"
#include "device/nvme_memory.h"
#include "device/video.h"
#include "sys/view.h"
#include "transfer/plan.h"
#include "vfio/bar.h"
#include "vfio/host.h"

#include <memory>
#include <optional>
#include <vector>

namespace transfer
{

// Bytes of the memory between two media, at most.
constexpr size_t largestRing = 32 << 20;

// A BAR's, a CMB's or a PMR's memory, as this process holds it.
class HeldMemory
{
public:
	// Errors as vfio::HeldBar; P2P_NO_CMB (facts bdf, kind), P2P_CMB_QUEUES (a CMB that is not
	// for data).
	HeldMemory(vfio::AddressSpace *space, const End &end,
		   vfio::Caching caching = vfio::Caching::none);

	const pci::Function &function() const { return function_; }
	const vfio::HeldBar &bar() const { return held_; }
	int barIndex() const { return bar_.index; }
	// Bytes of the place from its offset on, and where that is in the BAR.
	uint64_t size() const { return size_; }
	uint64_t start() const { return start_; }
	std::span<std::byte> bytes(uint64_t length) const;
	// The whole BAR, CMB or PMR, and where in it the place starts.
	std::span<std::byte> part() const;
	uint64_t startInPart() const { return start_ - partStart_; }
	// Is it known to be memory, without the user's word?
	bool isKnown(uint64_t length) const;
	// Registers are no memory: only what is known to be one is touched, or what the user
	// vouches for. Error P2P_REGISTER_BAR, P2P_MSIX, P2P_UNKNOWN_MSIX.
	void requireUsable(uint64_t length, bool isVouchedFor) const;
	// The kernel's own view: memory decoding still on, the function still there. What VFIO
	// shows of COMMAND is its virtual copy.
	bool isAlive() const;
	// Error P2P_GONE where nobody is there any more: what was written since went nowhere.
	void requireThere() const;
	// What was stored stays when the power fails, where the memory is made for that. False
	// where the controller says that it does not.
	bool persist() const;

	// Lets the functions of the address space reach it.
	void map(vfio::AddressSpace &space, vfio::IovaPlan &iovas);
	// A controller that is a client has to be told by which address its own requests mean its
	// own memory, once it is up.
	void tellOwner() const;
	device::Memory memory(uint64_t length) const;
	// The whole part, mapped.
	device::Memory whole() const;
	bool isIdentity() const;

private:
	HeldMemory(vfio::AddressSpace *space, const End &end, const device::nvme::MemoryPart &part,
		   vfio::Caching caching);

	pci::Function function_;
	pci::Bar bar_;
	vfio::HeldBar held_;
	uint64_t partStart_ = 0; // of the CMB in its BAR
	uint64_t start_ = 0;
	uint64_t size_ = 0;
	bool isPersistent_ = false; // a PMR
	std::optional<vfio::Window> window_;
};

// Host memory, at an iova where there is an address space.
class HostMemory
{
public:
	HostMemory(const vfio::AddressSpace *space, vfio::IovaPlan *iovas, size_t size);

	device::Memory memory() const;

private:
	std::optional<vfio::HostWindow> window_;
	std::optional<sys::View> view_;
};

class Hold
{
public:
	// Errors: those of vfio, device and HeldMemory; errno's names for files.
	// stop: as of vfio::AddressSpace, and for the clients' waits.
	Hold(const pci::Machine &machine, const Plan &plan, const sys::Stop &stop);

	// The memory ends; nullptr where an end is none.
	HeldMemory *from() const { return from_.get(); }
	HeldMemory *to() const { return to_.get(); }
	HeldMemory *via() const { return via_.get(); }
	// Memory of the kernel's pool between the two ends; empty where there is none.
	std::span<std::byte> pool() const { return pool_.bytes(); }
	// What reads the source and what writes the destination. One of them alone carries the
	// bytes where the other end is memory that it reaches.
	device::Client *source() { return source_.get(); }
	device::Client *sink() { return sink_.get(); }
	// The source as a stream; nullptr where it is none.
	device::File *stream() { return stream_; }
	// The source as a capture card; nullptr where it is none.
	device::Video *video() { return video_; }

	// Opens the file that is written, empties it where the copy is all that it will hold. Not
	// before everything else was found to be right.
	void openTarget(const Plan &plan);

	HostMemory hostMemory(size_t size);
	vfio::AddressSpace *space() { return space_.get(); }
	vfio::IovaPlan *iovas() { return iovas_.get(); }

private:
	void openSpace(const pci::Machine &machine, const Plan &plan, const sys::Stop &stop);
	void mapFor(const Plan &plan);
	void tellOwners(const Plan &plan) const;
	void takePool(const pci::Function &provider);
	std::unique_ptr<device::Client> clientOf(const Plan &plan, const End &end, bool isSource);
	std::unique_ptr<device::Client> attachEngine(const Plan &plan);
	std::unique_ptr<device::Client> openFile(const Place &place, bool isSource);
	std::unique_ptr<device::Client> openVideo(const Plan &plan);
	uint64_t hostBytes(const Plan &plan) const;

	std::unique_ptr<vfio::AddressSpace> space_;
	std::unique_ptr<vfio::IovaPlan> iovas_;
	std::unique_ptr<HeldMemory> from_, to_, via_;
	sys::View pool_;
	std::unique_ptr<device::Engines> engines_;
	std::unique_ptr<device::Client> source_, sink_;
	device::File *stream_ = nullptr;
	device::Video *video_ = nullptr;
	device::File *target_ = nullptr; // a regular file that is written
};

}
