// SPDX-License-Identifier: MIT
#include "transfer/copy.h"

#include "device/attach.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/file.h"
#include "transfer/guard.h"
#include "transfer/move.h"
#include "vfio/bar.h"

#include <algorithm>
#include <linux/pci_regs.h>

namespace transfer
{

using device::Direction;
using sys::Error;

static uint64_t decideLength(const Plan &plan, const device::Client &client)
{
	const uint64_t onMedium = client.mediumSize();
	requireRange("the namespace", onMedium, plan.medium.offset, 1);
	const uint64_t mediumLeft = onMedium - plan.medium.offset;
	const uint64_t barLeft = plan.bar.size - plan.memory.offset;
	const uint64_t length =
		plan.order.length.value_or(plan.isFromMedium ? mediumLeft : barLeft);

	requireRange("the namespace", onMedium, plan.medium.offset, length);
	requireRange("the BAR", plan.bar.size, plan.memory.offset, length);
	requireMultiple("the offset in the namespace", plan.medium.offset, client.blockSize());
	requireMultiple("the length", length, client.blockSize());
	return length;
}

namespace
{

// Everything a copy holds. Declared in the order of need, so that the end comes in the order of
// safety: the client falls silent, then its window closes, then the functions go back.
struct Hold {
	Hold(const pci::Machine &machine, const Plan &plan)
	    : container(plan.client), bar(container, plan.provider, plan.bar),
	      iovas(container.usableRanges(), machine),
	      window(container.map(bar.view().bytes(),
				   iovas.takeBar(bar.busAddress(), bar.view().size()))),
	      client(device::attach(container, iovas, plan.client,
				    {.medium = static_cast<uint32_t>(plan.medium.index),
				     .queues = plan.order.queues,
				     .depth = plan.order.depth}))
	{
	}

	vfio::Container container;
	vfio::HeldBar bar;
	vfio::IovaPlan iovas;
	vfio::Window window;
	std::unique_ptr<device::Client> client;
};

}

static void guard(const Plan &plan, Hold &hold, uint64_t length)
{
	const auto *provider = hold.bar.function();
	const int bar = plan.bar.index;
	const uint64_t offset = plan.memory.offset;

	requireNoMsix(plan.provider, hold.bar.config(), bar, offset, length);
	const bool isCmb = provider && device::engineFor(plan.provider) == "nvme" &&
			   isInCmb(*provider, bar, offset, length);
	if (!isCmb && !knownMemory(plan.provider, plan.bar) && !plan.order.permission.registerBar)
		throw Error("P2P_REGISTER_BAR", "this BAR may be registers",
			    {{"bdf", plan.provider.bdf.name()}, {"bar", std::to_string(bar)}});
	if (!plan.isFromMedium && !plan.order.overwriteSignature)
		requireNoSignature(*hold.client, hold.container, hold.iovas);
}

// The kernel's own view: memory decoding still on, the function still there. What VFIO shows of
// COMMAND is its virtual copy.
static bool isAlive(const pci::Function &function)
{
	const pci::Config now(sys::readBytes(function.folder + "/config", 64).value_or(""));
	const auto command = now.u16(PCI_COMMAND);
	return !now.isGone() && command && (function.physfn || *command & PCI_COMMAND_MEMORY);
}

static Report begin(const Plan &plan, const Hold &hold, uint64_t length)
{
	return {.iova = hold.window.iova() + plan.memory.offset,
		.isIdentity = number(hold.window.iova()) == number(hold.bar.busAddress()),
		.blockSize = hold.client->blockSize(),
		.requestSize = hold.client->maxTransfer(),
		.queues = hold.client->queues(),
		.depth = hold.client->depth(),
		.length = length};
}

// One window: poison, move, look.
static void copyWindow(const Plan &plan, device::Client &client, const Span &window, Pace pace,
		       std::optional<Proof> &proof, Report &report)
{
	if (proof && (report.mismatch = proof->poison(window.offset, window.length)))
		return;

	const uint64_t start = sys::now();
	report.requests += move(plan.clearance, client, window, pace);
	if (!plan.isFromMedium)
		client.flush();
	const uint64_t moved = sys::now();
	report.copyNs += moved - start;
	report.bytes += window.length;

	if (!isAlive(plan.provider))
		report.mismatch = {
			.offset = window.offset, .length = window.length, .kind = "memory-off"};
	else if (proof)
		report.mismatch = proof->check(window.offset, window.length);
	report.verifyNs += sys::now() - moved;
}

Report copy(const pci::Machine &machine, const Plan &plan, std::stop_token stop,
	    const std::function<void(Progress)> &tell)
{
	Hold hold(machine, plan);
	auto &client = *hold.client;
	const uint64_t length = decideLength(plan, client);
	guard(plan, hold, length);

	auto report = begin(plan, hold, length);
	const Span whole{plan.isFromMedium ? Direction::fromMedium : Direction::toMedium,
			 plan.medium.offset, client.prepare(report.iova, length), 0, length};
	std::optional<Proof> proof;
	if (plan.order.verify != Verify::none)
		proof.emplace(client, hold.container, hold.iovas, whole,
			      hold.bar.view().bytes().subspan(plan.memory.offset, length),
			      plan.order.verify, report.requestSize);

	const uint64_t step = proof ? proof->windowSize() : length;
	for (uint64_t at = 0; at < length && !report.mismatch; at += step) {
		const Span window{whole.direction, whole.medium + at, whole.target, at,
				  std::min(step, length - at)};
		const Pace pace{.requestSize = report.requestSize,
				.timeoutNs = plan.order.timeoutNs,
				.stop = stop,
				.tell = [&](uint64_t done) { tell({"copy", at + done, length}); }};
		copyWindow(plan, client, window, pace, proof, report);
		tell({"verify", at + window.length, length});
	}
	report.verifiedBytes = proof ? proof->checkedBytes() : 0;
	client.shutDown();
	return report;
}

}
