// SPDX-License-Identifier: MIT
#include "transfer/hold.h"

#include "device/block.h"
#include "device/cpu.h"
#include "device/nvme_memory.h"
#include "sys/error.h"
#include "sys/file.h"
#include "transfer/frames.h"
#include "transfer/guard.h"
#include "transfer/side.h"

#include <bit>
#include <fcntl.h>
#include <linux/pci_regs.h>

namespace transfer
{

using device::nvme::MemoryPart;
using sys::Error;

// Which part of which BAR a place is.
static MemoryPart partOf(vfio::AddressSpace *space, const End &end)
{
	if (end.bar)
		return {.bar = end.bar->index, .size = end.bar->size};
	const bool isCmb = end.place.kind == PlaceKind::cmb;
	const Error::Facts facts{{"bdf", end.function->bdf.name()},
				 {"kind", isCmb ? "cmb" : "pmr"}};
	const auto function = space->take(*end.function);
	const auto part =
		isCmb ? device::nvme::findCmb(*function) : device::nvme::findPmr(*function);

	if (!part)
		throw Error("P2P_NO_CMB", "no such memory", facts);
	if (!part->isForData())
		throw Error("P2P_CMB_QUEUES", "not for data", facts);
	return *part;
}

// A controller is asked once: the next time it may say something else.
HeldMemory::HeldMemory(vfio::AddressSpace *space, const End &end, vfio::Caching caching)
    : HeldMemory(space, end, partOf(space, end), caching)
{
}

HeldMemory::HeldMemory(vfio::AddressSpace *space, const End &end, const MemoryPart &part,
		       vfio::Caching caching)
    : function_(*end.function), bar_(end.bar ? *end.bar : requireMemoryBar(function_, part.bar)),
      held_(space, function_, bar_, caching), partStart_(part.offset)
{
	requireRange("the part of the BAR", bar_.size, part.offset, part.size);
	requireRange("the memory", part.size, end.place.offset, 1);
	start_ = partStart_ + end.place.offset;
	size_ = part.size - end.place.offset;
	isPersistent_ = end.place.kind == PlaceKind::pmr;
}

std::span<std::byte> HeldMemory::bytes(uint64_t length) const
{
	return held_.view().bytes().subspan(start_, length);
}

std::span<std::byte> HeldMemory::part() const
{
	return held_.view().bytes().subspan(partStart_, startInPart() + size_);
}

bool HeldMemory::isKnown(uint64_t length) const
{
	if (knownMemory(function_, bar_))
		return true;
	return held_.function() && device::engineFor(function_) == "nvme" &&
	       isInNvmeMemory(*held_.function(), bar_.index, start_, length);
}

void HeldMemory::requireUsable(uint64_t length, bool isVouchedFor) const
{
	requireNoMsix(function_, held_.config(), barIndex(), start_, length);
	if (!isVouchedFor && !isKnown(length))
		throw Error("P2P_REGISTER_BAR", "this BAR may be registers",
			    {{"bdf", function_.bdf.name()}, {"bar", std::to_string(barIndex())}});
}

static pci::Config configNow(const pci::Function &function)
{
	return pci::Config(sys::readBytes(function.folder + "/config", 64).value_or(""));
}

bool HeldMemory::isAlive() const
{
	const auto now = configNow(function_);
	const auto command = now.u16(PCI_COMMAND);
	return !now.isGone() && command && (function_.physfn || *command & PCI_COMMAND_MEMORY);
}

void HeldMemory::requireThere() const
{
	const auto now = configNow(function_);
	if (!now.u16(PCI_COMMAND) || now.isGone())
		throw Error("P2P_GONE", "the function is gone", {{"bdf", function_.bdf.name()}});
}

bool HeldMemory::persist() const
{
	return !isPersistent_ || device::nvme::persistPmr(*held_.function());
}

void HeldMemory::map(vfio::AddressSpace &space, vfio::IovaPlan &iovas)
{
	const uint64_t size = held_.view().size();
	window_.emplace(space.mapBar(held_, 0, size, iovas.takeBar(held_.busAddress(), size)));
}

void HeldMemory::tellOwner() const
{
	if (window_ && held_.function() && device::engineFor(function_) == "nvme")
		device::nvme::placeOwnCmb(*held_.function(), window_->iova() + partStart_);
}

device::Memory HeldMemory::memory(uint64_t length) const
{
	return {.iova = window_ ? window_->iova() + start_ : pci::Iova{}, .bytes = bytes(length)};
}

device::Memory HeldMemory::whole() const
{
	return {.iova = window_->iova() + partStart_, .bytes = part()};
}

bool HeldMemory::isIdentity() const
{
	return window_ && number(window_->iova()) == number(held_.busAddress());
}

HostMemory::HostMemory(const vfio::AddressSpace *space, vfio::IovaPlan *iovas, size_t size)
{
	if (space)
		window_.emplace(*space, *iovas, size);
	else
		view_.emplace(sys::View::ofMemory(size));
}

device::Memory HostMemory::memory() const
{
	if (window_)
		return {window_->iova(), window_->bytes()};
	return {pci::Iova{}, view_->bytes()};
}

static std::unique_ptr<HeldMemory> holdIfMemory(vfio::AddressSpace *space, const End &end)
{
	return end.isMemory() ? std::make_unique<HeldMemory>(space, end) : nullptr;
}

Hold::Hold(const pci::Machine &machine, const Plan &plan, const sys::Stop &stop)
{
	// First: its frames tell how much memory there will be.
	if (plan.from.isVideo())
		source_ = openVideo(plan);
	openSpace(machine, plan, stop);
	from_ = holdIfMemory(space_.get(), plan.from);
	to_ = holdIfMemory(space_.get(), plan.to);
	if (plan.mechanism() == "p2pmem")
		takePool(*plan.via->function);
	else if (plan.via)
		via_ = holdIfMemory(space_.get(), *plan.via);
	mapFor(plan);
	if (space_)
		engines_ = std::make_unique<device::Engines>(*space_, *iovas_);
	if (!source_)
		source_ = clientOf(plan, plan.from, true);
	sink_ = clientOf(plan, plan.to, false);
	if (video_)
		video_->setStride(strideOf(video_->format().size, sink_.get()));
	tellOwners(plan);
	for (auto *client : {source_.get(), sink_.get()})
		if (client)
			client->limit({plan.order.timeoutNs, stop.asked});
}

void Hold::tellOwners(const Plan &plan) const
{
	for (const auto *memory : {from_.get(), to_.get(), via_.get()})
		for (const auto &leg : plan.legs)
			if (memory && leg.client.bdf == memory->function().bdf)
				memory->tellOwner();
}

// What a copy maps of the host's memory, rather more than less: queues, lists of pages, the
// staging of the proof and of the look for signatures, and a ring where the two media have nothing
// else between them.
uint64_t Hold::hostBytes(const Plan &plan) const
{
	constexpr uint64_t staging = 3 * Side::largestBlock, queueEntry = 128, page = 4096;
	const auto &order = plan.order;
	const uint64_t queues = order.queues * (order.depth * queueEntry + 4 * page);
	const uint64_t lists = order.length.value_or(0) / page * sizeof(uint64_t);
	const bool isRing = !plan.via && !plan.memory();
	const uint64_t ring = video_ ? ringSize(*video_) : largestRing;
	return staging + 2 * (queues + lists) + (isRing ? ring : 0);
}

void Hold::openSpace(const pci::Machine &machine, const Plan &plan, const sys::Stop &stop)
{
	const auto functions = plan.opened();
	if (functions.empty())
		return;
	space_ = vfio::openSpace(plan.space, *functions.front(), stop);
	space_->expect(hostBytes(plan));
	iovas_ = std::make_unique<vfio::IovaPlan>(space_->usableRanges(), machine);
	for (const auto &leg : plan.legs)
		iovas_->limit(device::addressBits(leg.client));
}

// Each mapping is a piece of its own, and the pool may be in pieces: smaller ones are tried then.
void Hold::takePool(const pci::Function &provider)
{
	constexpr uint64_t largest = 8 << 20, least = 64 << 10;
	const auto file = sys::Fd::open(provider.folder + "/p2pmem/allocate", O_RDWR);
	uint64_t size = std::bit_floor(std::min(provider.p2pmem->available, largest));

	while (pool_.size() == 0) {
		try {
			pool_ = sys::View::ofFile(file, 0, size);
		} catch (const Error &error) {
			if (error.code != "ENOMEM" || size <= least)
				throw;
			size /= 2;
		}
	}
}

void Hold::mapFor(const Plan &plan)
{
	if (!plan.isMapped())
		return;
	for (auto *memory : {from_.get(), to_.get(), via_.get()})
		if (memory)
			memory->map(*space_, *iovas_);
}

// A client for every medium. Memory has one only where something has to carry it: the CPU.
std::unique_ptr<device::Client> Hold::clientOf(const Plan &plan, const End &end, bool isSource)
{
	const auto &order = plan.order;
	if (end.isFile())
		return openFile(end.place, isSource);
	if (end.isBlock())
		return std::make_unique<device::Block>(end.place.name, !isSource || order.pattern,
						       order.queues * order.depth);
	if (!end.isMemory())
		return engines_->attach(*end.function,
					{.medium = static_cast<uint32_t>(end.place.index),
					 .queues = order.queues,
					 .depth = order.depth});

	if (plan.way == Way::peer && isSource && plan.to.isMemory())
		return attachEngine(plan);
	const bool isBetweenMemories = plan.from.isMemory() && plan.to.isMemory();
	const bool isCarried = plan.way == Way::staged || (isBetweenMemories && isSource);
	if (!isCarried)
		return nullptr;
	return std::make_unique<device::Cpu>((isSource ? *from_ : *to_).part());
}

// An engine between two memories reads the source as its medium, offsets from the part's start.
std::unique_ptr<device::Client> Hold::attachEngine(const Plan &plan)
{
	return engines_->attach(plan.legs.front().client, {.memory = from_->whole()});
}

std::unique_ptr<device::Client> Hold::openVideo(const Plan &plan)
{
	const auto &[format, count] = plan.order.pictures;
	auto video = std::make_unique<device::Video>(plan.from.place.name, format, count,
						     plan.to.isMemory());
	video_ = video.get();
	return video;
}

std::unique_ptr<device::Client> Hold::openFile(const Place &place, bool isSource)
{
	// A frame goes as a whole: it may have no even parts.
	const size_t most = video_ ? video_->maxTransfer() : device::File::usualMost;
	if (place.kind == PlaceKind::stream) {
		auto fd = place.name.empty()
				  ? sys::streamOf(isSource ? 0 : 1, !isSource)
				  : sys::Fd::open(place.name, isSource ? O_RDONLY : O_WRONLY);
		auto stream =
			std::make_unique<device::File>(std::move(fd), device::streamSize, most);
		if (isSource)
			stream_ = stream.get();
		return stream;
	}
	if (isSource) {
		auto fd = sys::Fd::open(place.name, O_RDONLY);
		const uint64_t size = fd.size().value_or(0);
		return std::make_unique<device::File>(std::move(fd), size);
	}
	auto target = std::make_unique<device::File>(sys::Fd(), device::streamSize - 1, most);
	target_ = target.get();
	return target;
}

void Hold::openTarget(const Plan &plan)
{
	if (!target_)
		return;
	const auto &place = plan.to.place;
	const int emptying = place.offset == 0 ? O_TRUNC : 0;
	target_->open(sys::Fd::open(place.name, O_RDWR | O_CREAT | emptying));
}

HostMemory Hold::hostMemory(size_t size)
{
	return {space_.get(), iovas_.get(), size};
}

}
