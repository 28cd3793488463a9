// SPDX-License-Identifier: MIT
// The CPU as an engine: its medium is memory that it sees. Never peer-to-peer.
#pragma once

#include "device/client.h"

#include <array>

namespace device
{

class Cpu : public Client
{
public:
	explicit Cpu(std::span<std::byte> medium) : medium_(medium) {}

	std::string engine() const override { return "cpu"; }
	size_t blockSize() const override { return 1; }
	uint64_t mediumSize() const override { return medium_.size(); }
	size_t maxTransfer() const override { return size_t{1} << 20; }

	bool start(const Request &request) override;
	size_t poll(std::span<uint32_t> finished) override;
	std::optional<sys::Signal> signal() override { return sys::Signal{}; }

private:
	std::span<std::byte> medium_;
	// Requests are over when start() returns. Small ones are taken several at a time, so that
	// whoever works with it is looked after, and told of more, once for all of them.
	std::array<uint32_t, 16> done_{};
	size_t count_ = 0;
	size_t bytes_ = 0;
};

}
