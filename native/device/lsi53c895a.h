// SPDX-License-Identifier: MIT
// The SCRIPTS processor of a SCSI controller as a memory-to-memory engine: its Memory Move
// instruction copies from any 32-bit bus address to any other. Its medium is the memory that it
// was made for.
#pragma once

#include "device/client.h"
#include "sys/view.h"
#include "vfio/function.h"
#include "vfio/host.h"

#include <memory>
#include <vector>

namespace device
{

class Lsi53c895a : public Client
{
public:
	static constexpr unsigned addressBits = 32;

	// medium: what it copies from. Errors as vfio::Function; P2P_NO_ENGINE where it is not
	// what its id says.
	Lsi53c895a(vfio::AddressSpace &space, vfio::IovaPlan &plan, const pci::Function &function,
		   const Memory &medium);
	~Lsi53c895a() override;

	std::string engine() const override { return "lsi53c895a"; }
	size_t blockSize() const override { return 4; }
	uint64_t mediumSize() const override { return medium_.bytes.size(); }
	size_t maxTransfer() const override { return size_t{4} << 20; }

	bool start(const Request &request) override;
	// Error P2P_ENGINE (fact status) where the chip reports anything but the end.
	size_t poll(std::span<uint32_t> finished) override;
	void shutDown() override;

private:
	uint8_t read8(size_t reg) const;
	void write8(size_t reg, uint8_t value) const;
	void write32(size_t reg, uint32_t value) const;
	void reset() const;

	std::shared_ptr<vfio::Function> function_;
	sys::View registers_;
	vfio::HostWindow script_;
	Memory medium_;
	std::optional<uint32_t> tag_; // of the request under way
};

}
