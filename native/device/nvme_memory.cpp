// SPDX-License-Identifier: MIT
#include "device/nvme_memory.h"

#include "device/nvme_regs.h"
#include "device/shared_word.h"
#include "sys/clock.h"
#include "sys/error.h"

#include <algorithm>

namespace device::nvme
{

static constexpr uint64_t second = 1'000'000'000;

namespace
{

class Registers
{
public:
	explicit Registers(const vfio::Function &function) : view_(function.view(0)) {}

	uint32_t read(size_t reg) const { return loadAcquire(*at(reg)); }
	uint64_t read64(size_t reg) const
	{
		return read(reg) | static_cast<uint64_t>(read(reg + 4)) << 32;
	}
	void write(size_t reg, uint32_t value) const { storeRelease(*at(reg), value); }

private:
	volatile uint32_t *at(size_t reg) const
	{
		return reinterpret_cast<volatile uint32_t *>(view_.data() + reg);
	}

	sys::View view_;
};

}

std::optional<MemoryPart> findCmb(const vfio::Function &function)
{
	const Registers registers(function);
	const uint64_t cap = registers.read64(CAP);
	if (~cap == 0)
		return std::nullopt;

	// CMBLOC and CMBSZ read as 0 until CRE is set; before 1.4 they are there at once.
	if (capHasCmb(cap))
		registers.write(CMBMSC, registers.read(CMBMSC) | CMBMSC_CRE);
	const auto part = cmbIn(registers.read(CMBLOC), registers.read(CMBSZ));
	return part ? cutTo(function.regionSize(part->bar), *part) : std::nullopt;
}

// To VFIO 6 and 7 are the ROM and configuration space.
static bool isBar(uint32_t indicator)
{
	return indicator < 6;
}

std::optional<MemoryPart> cmbIn(uint32_t location, uint32_t size)
{
	// SZU of 7 and above is reserved, and would go beyond 64 bits soon.
	if (size >> 12 == 0 || ~size == 0 || (size >> 8 & 0xf) > 6 || !isBar(location & 7))
		return std::nullopt;
	const uint64_t unit = 4096ull << 4 * (size >> 8 & 0xf);
	return MemoryPart{.bar = static_cast<int>(location & 7),
			  .offset = (location >> 12) * unit,
			  .size = (size >> 12) * unit,
			  .isForReads = (size & CMBSZ_RDS) != 0,
			  .isForWrites = (size & CMBSZ_WDS) != 0};
}

std::optional<MemoryPart> cutTo(uint64_t barSize, MemoryPart part)
{
	if (part.offset >= barSize)
		return std::nullopt;
	part.size = std::min(part.size, barSize - part.offset);
	return part;
}

std::optional<MemoryPart> pmrIn(uint32_t capabilities)
{
	const uint32_t bar = capabilities >> 5 & 7;
	if (!isBar(bar))
		return std::nullopt;
	return MemoryPart{.bar = static_cast<int>(bar),
			  .isForReads = (capabilities & PMRCAP_RDS) != 0,
			  .isForWrites = (capabilities & PMRCAP_WDS) != 0};
}

std::optional<MemoryPart> findPmr(const vfio::Function &function)
{
	const Registers registers(function);
	const uint64_t cap = registers.read64(CAP);
	if (~cap == 0 || !capHasPmr(cap))
		return std::nullopt;

	const uint32_t pmr = registers.read(PMRCAP);
	auto part = pmrIn(pmr);
	if (!part)
		return std::nullopt;
	const uint64_t unit = (pmr >> 8 & 3) == 0 ? second / 2 : 60 * second;
	sys::Patience patience(std::max<uint64_t>((pmr >> 16 & 0xff) * unit, second),
			       function.stop());
	registers.write(PMRCTL, registers.read(PMRCTL) | PMRCTL_EN);
	while (registers.read(PMRSTS) & PMRSTS_NRDY)
		if (!patience.turn())
			throw sys::Error("P2P_TIMEOUT", "the persistent memory region",
					 {{"bdf", function.name()},
					  {"what", "its persistent memory region"}});
	part->size = function.regionSize(part->bar);
	return part;
}

bool persistPmr(const vfio::Function &function)
{
	return (Registers(function).read(PMRSTS) & (PMRSTS_ERR | PMRSTS_NRDY | PMRSTS_HSTS)) == 0;
}

void forgetOwnCmb(const vfio::Function &function)
{
	const Registers registers(function);
	const uint64_t cap = registers.read64(CAP);
	if (~cap == 0 || !capHasCmb(cap))
		return;
	const uint32_t control = registers.read(CMBMSC);
	if (control & CMBMSC_CMSE)
		registers.write(CMBMSC, control & CMBMSC_CRE);
}

void placeOwnCmb(const vfio::Function &function, pci::Iova start)
{
	const Registers registers(function);
	if (!capHasCmb(registers.read64(CAP)))
		return; // before 1.4 the BAR's address is the one
	// High before low: devices act on the low half.
	registers.write(CMBMSC + 4, static_cast<uint32_t>(number(start) >> 32));
	registers.write(CMBMSC, static_cast<uint32_t>(number(start)) | CMBMSC_CMSE | CMBMSC_CRE);
}

}
