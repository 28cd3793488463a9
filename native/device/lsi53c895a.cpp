// SPDX-License-Identifier: MIT
#include "device/lsi53c895a.h"

#include "device/lsi53c895a_regs.h"
#include "device/shared_word.h"
#include "sys/error.h"

#include <array>
#include <cstring>

namespace device
{

using namespace lsi;
using sys::Error;

Lsi53c895a::Lsi53c895a(vfio::AddressSpace &space, vfio::IovaPlan &plan,
		       const pci::Function &function, const Memory &medium)
    : function_(space.take(function)), registers_(function_->view(1)), script_(space, plan, 4096),
      medium_(medium)
{
	reset();
	function_->enable();
	write8(DIEN, 0);
}

Lsi53c895a::~Lsi53c895a()
{
	// Aborts whatever runs; then it cannot issue requests any more.
	write8(ISTAT0, ISTAT0_ABRT);
	reset();
	try {
		function_->silence();
	} catch (const Error &) {
		// Gone from the bus: there is nobody left to silence.
	}
}

uint8_t Lsi53c895a::read8(size_t reg) const
{
	return loadAcquire(*reinterpret_cast<volatile uint8_t *>(registers_.data() + reg));
}

void Lsi53c895a::write8(size_t reg, uint8_t value) const
{
	storeRelease(*reinterpret_cast<volatile uint8_t *>(registers_.data() + reg), value);
}

void Lsi53c895a::write32(size_t reg, uint32_t value) const
{
	storeRelease(*reinterpret_cast<volatile uint32_t *>(registers_.data() + reg), value);
}

void Lsi53c895a::reset() const
{
	write8(ISTAT0, ISTAT0_SRST);
	write8(ISTAT0, 0);
}

bool Lsi53c895a::start(const Request &request)
{
	if (tag_)
		return false;
	const auto medium = static_cast<uint32_t>(number(medium_.iova) + request.medium);
	const auto &target = targetOf(request);
	const auto memory = static_cast<uint32_t>(number(target.iova) + request.offset);
	const bool isFrom = request.direction == Direction::fromMedium;
	const std::array<uint32_t, 5> script{MEMORY_MOVE | static_cast<uint32_t>(request.length),
					     isFrom ? medium : memory, isFrom ? memory : medium,
					     INT, 0};

	std::memcpy(script_.data(), script.data(), sizeof script);
	tag_ = request.tag;
	write32(DSP, static_cast<uint32_t>(number(script_.iova())));
	return true;
}

size_t Lsi53c895a::poll(std::span<uint32_t> finished)
{
	if (!tag_ || finished.empty())
		return 0;
	const uint8_t pending = read8(ISTAT0);
	if (!(pending & (ISTAT0_DIP | ISTAT0_SIP)))
		return 0;
	// Reading it clears it.
	const uint8_t status = read8(DSTAT);
	if (pending == 0xff || (status & ~DSTAT_DFE) != DSTAT_SIR)
		throw Error("P2P_ENGINE", "the SCRIPTS processor stopped",
			    {{"bdf", function_->name()},
			     {"status", "DSTAT " + std::to_string(status)}});
	finished[0] = *tag_;
	tag_.reset();
	return 1;
}

void Lsi53c895a::shutDown()
{
	reset();
	function_->silence();
}

}
