// SPDX-License-Identifier: MIT
#include "device/edu.h"

#include "device/shared_word.h"
#include "sys/clock.h"
#include "sys/error.h"

namespace device
{

using sys::Error;

// Byte offsets in BAR 0, and the buffer's address as the DMA engine sees it.
static constexpr size_t SOURCE = 0x80, DESTINATION = 0x88, COUNT = 0x90, COMMAND = 0x98;
static constexpr uint64_t START = 1, FROM_BUFFER = 2, buffer = 0x40000;
static constexpr uint64_t idleTimeout = 1'000'000'000; // ns, ten times what a step takes

Edu::Edu(vfio::AddressSpace &space, const pci::Function &function, const Memory &medium)
    : function_(space.take(function)), registers_(function_->view(0)), medium_(medium)
{
	waitUntilIdle();
	function_->enable();
}

// A program that was killed may have left a step behind. The engine takes it whatever becomes of
// Bus Master, and ignores its registers meanwhile: they would be half of that step and half of
// ours.
void Edu::waitUntilIdle() const
{
	sys::Patience patience(idleTimeout, function_->stop().asked);

	while (read(COMMAND) & START)
		if (!patience.turn())
			throw Error("P2P_ENGINE", "the engine does not end what it was told before",
				    {{"bdf", function_->name()}, {"status", "START"}});
}

Edu::~Edu()
{
	try {
		function_->silence();
	} catch (const Error &) {
		// Gone from the bus: there is nobody left to silence.
	}
}

uint64_t Edu::read(size_t reg) const
{
	return loadAcquire(*reinterpret_cast<volatile uint64_t *>(registers_.data() + reg));
}

void Edu::write(size_t reg, uint64_t value) const
{
	storeRelease(*reinterpret_cast<volatile uint64_t *>(registers_.data() + reg), value);
}

void Edu::step(uint64_t from, uint64_t to, uint64_t command) const
{
	write(SOURCE, from);
	write(DESTINATION, to);
	write(COUNT, request_.length);
	write(COMMAND, START | command);
}

static uint64_t mediumOf(const Memory &medium, const Request &request)
{
	return number(medium.iova) + request.medium;
}

static uint64_t memoryOf(const Memory &memory, const Request &request)
{
	return number(memory.iova) + request.offset;
}

bool Edu::start(const Request &request)
{
	if (phase_ != Phase::idle)
		return false;
	request_ = request;
	phase_ = Phase::filling;
	const bool isFrom = request.direction == Direction::fromMedium;
	step(isFrom ? mediumOf(medium_, request) : memoryOf(targetOf(request), request), buffer, 0);
	return true;
}

size_t Edu::poll(std::span<uint32_t> finished)
{
	if (phase_ == Phase::idle || finished.empty() || (read(COMMAND) & START))
		return 0;
	if (phase_ == Phase::filling) {
		phase_ = Phase::emptying;
		const bool isFrom = request_.direction == Direction::fromMedium;
		step(buffer,
		     isFrom ? memoryOf(targetOf(request_), request_) : mediumOf(medium_, request_),
		     FROM_BUFFER);
		return 0;
	}
	phase_ = Phase::idle;
	finished[0] = request_.tag;
	return 1;
}

void Edu::shutDown()
{
	function_->silence();
}

}
