// SPDX-License-Identifier: MIT
#include "transfer/share.h"

#include "sys/dma_buf.h"
#include "sys/drm.h"
#include "transfer/access.h"
#include "transfer/guard.h"
#include "transfer/shared_memory.h"
#include "transfer/until.h"
#include "vfio/address_space.h"
#include "vfio/bar.h"
#include "vfio/function.h"

namespace transfer
{

static void shareBar(const pci::Machine &machine, const ShareOrder &order, std::stop_token stop,
		     const std::function<void(Shared)> &tell)
{
	const auto &provider = machine.find(order.provider);
	const auto &bar = requireMemoryBar(provider, order.bar);
	requireRange("the BAR", bar.size, order.offset, order.length.value_or(1));
	requireMultiple("the offset in the BAR", order.offset, sys::pageSize());
	const uint64_t length = order.length.value_or(bar.size - order.offset);
	requireMultiple("the length", length, sys::pageSize());
	clearExport(machine, provider);

	const auto space =
		vfio::openSpace(chooseSpace(machine, {&provider}, nullptr, ""), provider);
	const vfio::HeldBar held(space.get(), provider, bar);
	const sys::DmaBuf dmaBuf(held.function()->exportBar(order.bar, order.offset, length));
	tell({.fd = dmaBuf.number(),
	      .size = dmaBuf.size(),
	      .exporter = dmaBuf.exporter(),
	      .length = length,
	      .busAddress = pci::BusAddress{number(held.busAddress()) + order.offset}});
	holdUntil(stop);
}

static void shareMemory(const ShareOrder &order, std::stop_token stop,
			const std::function<void(Shared)> &tell)
{
	const SharedMemory memory(order.length.value_or(0));
	const auto dmaBuf = sys::DmaBuf::ofMemory(memory.file, 0, memory.view.size());
	tell({.fd = dmaBuf.number(),
	      .size = dmaBuf.size(),
	      .exporter = dmaBuf.exporter(),
	      .length = order.length.value_or(0),
	      .memoryFd = memory.file.number()});
	holdUntil(stop);
}

// The function that the node belongs to; vgem's and the like belong to none.
static std::optional<pci::Bdf> functionAt(const pci::Machine &machine, const std::string &folder)
{
	for (const auto &function : machine.functions)
		if (function.folder == folder)
			return function.bdf;
	return std::nullopt;
}

static void shareCard(const pci::Machine &machine, const ShareOrder &order, std::stop_token stop,
		      const std::function<void(Shared)> &tell)
{
	const sys::DrmBuffer buffer(order.card, order.length.value_or(0));
	const auto dmaBuf = buffer.exported();
	tell({.fd = dmaBuf.number(),
	      .size = dmaBuf.size(),
	      .exporter = dmaBuf.exporter(),
	      .length = order.length.value_or(0),
	      .driver = buffer.driver(),
	      .card = functionAt(machine, sys::deviceOfDrm(order.card))});
	holdUntil(stop);
}

void share(const pci::Machine &machine, const ShareOrder &order, std::stop_token stop,
	   const std::function<void(Shared)> &tell)
{
	if (!order.card.empty())
		shareCard(machine, order, stop, tell);
	else if (order.provider.empty())
		shareMemory(order, stop, tell);
	else
		shareBar(machine, order, stop, tell);
}

}
