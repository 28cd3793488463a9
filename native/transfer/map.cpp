// SPDX-License-Identifier: MIT
#include "transfer/map.h"

#include "sys/view.h"
#include "transfer/guard.h"
#include "vfio/bar.h"
#include "vfio/container.h"
#include "vfio/function.h"

#include <condition_variable>
#include <mutex>

namespace transfer
{

namespace
{

// Host memory that another program can share: a memfd, mapped at an iova.
struct SharedMemory {
	SharedMemory(const vfio::Container &container, vfio::IovaPlan &plan, uint64_t size)
	    : file(sys::memoryFile("p2p-map")), view(sized(file, size)),
	      window(container.map(view.bytes(), plan.takeHost(view.size())))
	{
	}

	static sys::View sized(const sys::Fd &file, uint64_t size)
	{
		const uint64_t page = sys::pageSize();
		const uint64_t whole = (size + page - 1) / page * page;
		file.resize(whole);
		return sys::View::ofFile(file, 0, whole);
	}

	sys::Fd file;
	sys::View view;
	vfio::Window window;
};

}

static void waitFor(std::stop_token stop)
{
	std::mutex mutex;
	std::condition_variable_any ended;
	std::unique_lock lock(mutex);

	ended.wait(lock, stop, [] { return false; });
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

	// The client is declared last, so that it falls silent before its windows close.
	vfio::Container container(clientRecord, stop);
	const vfio::HeldBar held(&container, provider, bar);
	vfio::IovaPlan iovas(container.usableRanges(), machine);
	const uint64_t length = order.length.value_or(bar.size - order.offset);
	requireMultiple("the length", length, sys::pageSize());
	const pci::BusAddress address{number(held.busAddress()) + order.offset};
	const auto window = container.map(held.view().bytes().subspan(order.offset, length),
					  iovas.takeBar(address, length));
	std::optional<SharedMemory> host;
	if (order.hostMemory)
		host.emplace(container, iovas, order.hostMemory);
	const auto client = container.take(clientRecord);
	client->enable();

	tell({.verdict = clearance.verdict(),
	      .access = held.access(),
	      .iova = window.iova(),
	      .busAddress = address,
	      .length = length,
	      .clientFd = client->fd(),
	      .hostFd = host ? host->file.number() : -1,
	      .hostIova = host ? host->window.iova() : pci::Iova{},
	      .hostLength = host ? host->window.size() : 0});
	waitFor(stop);
}

}
