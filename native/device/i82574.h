// SPDX-License-Identifier: MIT
// A network adapter in loopback as a memory-to-memory engine: it reads a frame's payload from
// memory, and writes it to memory as it receives the frame that it sent. Both are plain DMA, to any
// 64-bit address. Its header is split off, so that memory gets the payload and nothing else: an
// IPv6 header and one of UDP, long enough that no frame has to be padded. No frame leaves the chip.
//
// Tried with QEMU's model alone. MAC loopback is a test mode of the real one (datasheet 10.2.5,
// RCTL.LBM), which nobody has run this on.
#pragma once

#include "device/client.h"
#include "device/i82574_regs.h"
#include "sys/view.h"
#include "vfio/function.h"
#include "vfio/host.h"

#include <memory>

namespace device
{

class I82574 : public Client
{
public:
	// medium: what it copies from. Errors as vfio::Function; P2P_ENGINE where it does not come
	// up.
	I82574(vfio::AddressSpace &space, vfio::IovaPlan &plan, const pci::Function &function,
	       const Memory &medium);
	~I82574() override;

	std::string engine() const override { return "i82574"; }
	size_t blockSize() const override { return 4; }
	uint64_t mediumSize() const override { return medium_.bytes.size(); }
	size_t maxTransfer() const override { return frames * payload; }

	bool start(const Request &request) override;
	// Error P2P_ENGINE (fact status) where a frame came back other than it was sent.
	size_t poll(std::span<uint32_t> finished) override;
	void shutDown() override;

private:
	static constexpr size_t payload = 8192; // bytes of a frame; below the 9 KiB that it takes
	static constexpr size_t frames = 128;   // of a request

	struct Rings;

	Rings &rings() const;
	uint64_t iovaOf(const void *part) const;
	uint32_t read(size_t reg) const;
	void write(size_t reg, uint32_t value) const;
	void reset() const;
	void setUp() const;
	void send(uint64_t from, uint64_t to, size_t length);
	void look(const i82574::Received &received, size_t length) const;

	std::shared_ptr<vfio::Function> function_;
	sys::View registers_;
	vfio::HostWindow memory_; // the rings
	Memory medium_;
	std::optional<uint32_t> tag_; // of the request under way
	size_t left_ = 0;             // its bytes that have not come back
	size_t sent_ = 0, seen_ = 0;  // descriptors, modulo their rings' size
};

}
