// SPDX-License-Identifier: MIT
#include "device/i82574.h"

#include "device/shared_word.h"
#include "sys/clock.h"
#include "sys/error.h"

#include <algorithm>
#include <array>

namespace device
{

using namespace i82574;
using sys::Error;

namespace
{

// Ethernet, IPv6 and UDP, big-endian; unicast to nobody, from nobody, without a checksum.
struct Header {
	std::array<uint8_t, 6> to{0x02, 0, 0, 0, 0, 2};
	std::array<uint8_t, 6> from{0x02, 0, 0, 0, 0, 1};
	std::array<uint8_t, 2> type{0x86, 0xdd};
	std::array<uint8_t, 4> version{0x60, 0, 0, 0};
	std::array<uint8_t, 2> length{}; // of what follows the IPv6 header
	uint8_t next = 17, hops = 1;
	std::array<uint8_t, 16> source{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	std::array<uint8_t, 16> destination{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
	std::array<uint8_t, 4> ports{0, 9, 0, 9};
	std::array<uint8_t, 2> udpLength{};
	std::array<uint8_t, 2> checksum{};
};
static_assert(sizeof(Header) == 62);

constexpr size_t udpHeader = 8;

}

static std::array<uint8_t, 2> bigEndian(size_t number)
{
	return {static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
}

// Twice what a request takes: a full ring would look like an empty one.
struct I82574::Rings {
	static constexpr size_t size = 2 * frames;

	std::array<ReceiveDescriptor, size> receive;
	std::array<TransmitDescriptor, 2 * size> transmit; // two a frame
	Header full, last;                // of all frames but the last of a request; of that
	std::array<std::byte, 128> split; // where headers that come back go
};

I82574::I82574(vfio::AddressSpace &space, vfio::IovaPlan &plan, const pci::Function &function,
	       const Memory &medium)
    : function_(space.take(function)), registers_(function_->view(0)),
      memory_(space, plan, sizeof(Rings)), medium_(medium)
{
	reset();
	function_->enable();
	setUp();
}

I82574::~I82574()
{
	// Ends both directions; then it cannot issue requests any more.
	write(CTRL, CTRL_RST);
	try {
		function_->silence();
	} catch (const Error &) {
		// Gone from the bus: there is nobody left to silence.
	}
}

I82574::Rings &I82574::rings() const
{
	return *reinterpret_cast<Rings *>(memory_.data());
}

uint64_t I82574::iovaOf(const void *part) const
{
	return number(memory_.iova()) +
	       static_cast<uint64_t>(static_cast<const std::byte *>(part) - memory_.data());
}

uint32_t I82574::read(size_t reg) const
{
	return loadAcquire(*reinterpret_cast<volatile uint32_t *>(registers_.data() + reg));
}

void I82574::write(size_t reg, uint32_t value) const
{
	storeRelease(*reinterpret_cast<volatile uint32_t *>(registers_.data() + reg), value);
}

void I82574::reset() const
{
	constexpr uint64_t timeout = 1'000'000'000; // ns; a reset takes some milliseconds
	sys::Patience patience(timeout, function_->stop().asked);

	write(IMC, UINT32_MAX);
	write(CTRL, CTRL_RST);
	while (read(CTRL) & CTRL_RST)
		if (!patience.turn())
			throw Error("P2P_ENGINE", "the adapter does not come out of reset",
				    {{"bdf", function_->name()}, {"status", "CTRL.RST"}});
	write(IMC, UINT32_MAX);
}

void I82574::setUp() const
{
	auto &[receive, transmit, full, last, split] = rings();
	full = last = Header{};
	full.length = full.udpLength = bigEndian(udpHeader + payload);

	write(CTRL, CTRL_SLU | CTRL_FD);
	write(MRQC, 0);
	write(RXCSUM, 0);
	write(RFCTL, RFCTL_EXSTEN);
	write(PSRCTL, PSRCTL_BSIZE0 * (sizeof split / 128) + PSRCTL_BSIZE1 * (payload / 1024));
	const uint64_t in = iovaOf(&receive), out = iovaOf(&transmit);
	write(RDBAL, static_cast<uint32_t>(in));
	write(RDBAH, static_cast<uint32_t>(in >> 32));
	write(RDLEN, sizeof receive);
	// A reset need not have touched them.
	for (const auto end : {RDH, RDT, TDH, TDT})
		write(end, 0);
	write(TDBAL, static_cast<uint32_t>(out));
	write(TDBAH, static_cast<uint32_t>(out >> 32));
	write(TDLEN, sizeof transmit);
	write(RCTL, RCTL_EN | RCTL_UPE | RCTL_LPE | RCTL_LBM_MAC | RCTL_DTYP_PS | RCTL_SECRC);
	write(TCTL, TCTL_EN);
}

bool I82574::start(const Request &request)
{
	if (tag_)
		return false;
	const uint64_t medium = number(medium_.iova) + request.medium;
	const auto &target = targetOf(request);
	const uint64_t memory = number(target.iova) + request.offset;
	const bool isFrom = request.direction == Direction::fromMedium;

	tag_ = request.tag;
	left_ = request.length;
	send(isFrom ? medium : memory, isFrom ? memory : medium, request.length);
	return true;
}

void I82574::send(uint64_t from, uint64_t to, size_t length)
{
	auto &[receive, transmit, full, last, split] = rings();
	const size_t rest = (length - 1) % payload + 1;
	last.length = last.udpLength = bigEndian(udpHeader + rest);

	for (size_t done = 0, part = 0; done < length; done += part) {
		part = std::min(length - done, payload);
		const auto &header = done + part == length ? last : full;
		const size_t slot = sent_ % receive.size();
		receive[slot] = {.header = iovaOf(&split), .payload = to + done};
		transmit[2 * slot] = {.address = iovaOf(&header), .length = sizeof header};
		transmit[2 * slot + 1] = {.address = from + done,
					  .length = static_cast<uint16_t>(part),
					  .command = TXD_EOP | TXD_IFCS};
		sent_++;
	}
	// Both tails count in 16 bytes: a descriptor here has 32, and a frame there has two.
	// Buffers before frames: what finds none is dropped.
	const auto tail = static_cast<uint32_t>(2 * (sent_ % receive.size()));
	write(RDT, tail);
	write(TDT, tail);
}

size_t I82574::poll(std::span<uint32_t> finished)
{
	if (!tag_ || finished.empty())
		return 0;
	auto &receive = rings().receive;
	while (left_ > 0) {
		auto &slot = receive[seen_ % receive.size()];
		auto &received = reinterpret_cast<volatile Received &>(slot);
		if (!(loadAcquire(received.status) & RXD_DD))
			return 0;
		const size_t length = std::min(left_, payload);
		look(const_cast<const Received &>(received), length);
		left_ -= length;
		seen_++;
	}
	finished[0] = *tag_;
	tag_.reset();
	return 1;
}

void I82574::look(const Received &received, size_t length) const
{
	const bool isWhole = (received.status & (RXD_EOP | RXD_ERRORS)) == RXD_EOP;
	const bool isSplit = (received.header & RXD_SPLIT) &&
			     (received.header & RXD_HEADER) == sizeof(Header) &&
			     received.length0 == sizeof(Header) && received.length1 == length;
	if (isWhole && isSplit)
		return;
	throw Error("P2P_ENGINE", "a frame came back other than it was sent",
		    {{"bdf", function_->name()},
		     {"status", "status " + std::to_string(received.status) + ", header " +
					std::to_string(received.header)}});
}

void I82574::shutDown()
{
	reset();
	function_->silence();
}

}
