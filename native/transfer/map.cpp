// SPDX-License-Identifier: MIT
#include "transfer/map.h"

#include "sys/dma_buf.h"
#include "sys/error.h"
#include "transfer/access.h"
#include "transfer/guard.h"
#include "transfer/shared_memory.h"
#include "transfer/until.h"
#include "vfio/address_space.h"
#include "vfio/bar.h"
#include "vfio/function.h"

namespace transfer
{

// A memfd, mapped at an iova.
namespace
{

struct HostShare {
	HostShare(const vfio::AddressSpace &space, vfio::IovaPlan &plan, uint64_t size)
	    : memory(size),
	      window(space.map(memory.view.bytes(), plan.takeHost(memory.view.size())))
	{
	}

	SharedMemory memory;
	vfio::Window window;
};

}

// The mapped stretch for importers besides; not every kernel and not every access has it.
static std::optional<sys::DmaBuf> exportIfAny(const vfio::HeldBar &bar, uint64_t offset,
					      uint64_t length)
{
	if (!bar.function())
		return std::nullopt;
	try {
		return sys::DmaBuf(bar.function()->exportBar(bar.index(), offset, length));
	} catch (const sys::Error &error) {
		if (error.code != "P2P_NO_DMABUF")
			throw;
		return std::nullopt;
	}
}

void map(const pci::Machine &machine, const MapOrder &order, const sys::Stop &stop,
	 const std::function<void(Mapping)> &tell)
{
	const auto &clientRecord = machine.find(order.client);
	const auto &provider = machine.find(order.provider);
	const auto &bar = requireMemoryBar(provider, order.bar);
	requireRange("the BAR", bar.size, order.offset, order.length.value_or(1));
	requireMultiple("the offset in the BAR", order.offset, sys::pageSize());
	const auto clearance = clearMapping(machine, clientRecord, provider, order.permission);

	std::vector<const pci::Function *> functions{&clientRecord};
	if (provider.driver == "vfio-pci")
		functions.push_back(&provider);
	const auto mechanism = chooseSpace(machine, functions, &provider, order.mechanism);

	// The client is declared last, so that it falls silent before its windows close.
	const auto space = vfio::openSpace(mechanism, clientRecord, stop);
	const vfio::HeldBar held(space.get(), provider, bar);
	vfio::IovaPlan iovas(space->usableRanges(), machine);
	const uint64_t length = order.length.value_or(bar.size - order.offset);
	requireMultiple("the length", length, sys::pageSize());
	const pci::BusAddress address{number(held.busAddress()) + order.offset};
	const auto window =
		space->mapBar(held, order.offset, length, iovas.takeBar(address, length));
	const auto dmaBuf = exportIfAny(held, order.offset, length);
	std::optional<HostShare> host;
	if (order.hostMemory)
		host.emplace(*space, iovas, order.hostMemory);
	const auto client = space->take(clientRecord);
	client->enable();

	tell({.verdict = clearance.verdict(),
	      .mechanism = mechanism,
	      .access = held.access(),
	      .iova = window.iova(),
	      .busAddress = address,
	      .length = length,
	      .clientFd = client->fd(),
	      .dmaBufFd = dmaBuf ? dmaBuf->number() : -1,
	      .hostFd = host ? host->memory.file.number() : -1,
	      .hostIova = host ? host->window.iova() : pci::Iova{},
	      .hostLength = host ? host->window.size() : 0});
	holdUntil(stop);
}

}
