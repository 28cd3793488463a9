// SPDX-License-Identifier: MIT
// QEMU's teaching device as a memory-to-memory engine: each request goes through its buffer of
// 4 KiB in two steps (docs/specs/edu of QEMU). Slow on purpose: a step takes 100 ms.
#pragma once

#include "device/client.h"
#include "sys/view.h"
#include "vfio/function.h"

#include <memory>
#include <vector>

namespace device
{

class Edu : public Client
{
public:
	static constexpr unsigned addressBits = 28; // unless QEMU was told another mask

	// medium: what it copies from. Errors as vfio::Function; P2P_ENGINE where what somebody
	// else told it does not end.
	Edu(vfio::AddressSpace &space, const pci::Function &function, const Memory &medium);
	~Edu() override;

	std::string engine() const override { return "edu"; }
	size_t blockSize() const override { return 4; }
	uint64_t mediumSize() const override { return medium_.bytes.size(); }
	// The last byte of the buffer is refused, by the end of QEMU's process.
	size_t maxTransfer() const override { return 2048; }

	bool start(const Request &request) override;
	size_t poll(std::span<uint32_t> finished) override;
	void shutDown() override;

private:
	uint64_t read(size_t reg) const;
	void write(size_t reg, uint64_t value) const;
	void waitUntilIdle() const;
	void step(uint64_t from, uint64_t to, uint64_t command) const;

	std::shared_ptr<vfio::Function> function_;
	sys::View registers_;
	Memory medium_;
	Request request_;
	enum class Phase { idle, filling, emptying } phase_ = Phase::idle;
};

}
