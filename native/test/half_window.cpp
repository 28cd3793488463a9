// SPDX-License-Identifier: MIT
// For the lab: a copy into a window of which only the first half is mapped, a true IOMMU fault.
// QEMU's NVMe reports success for it all the same; the proof must not. Prints what the proof
// says, and ends with 3 where it found wrong data, 0 where it was fooled.
//
// usage: half_window CLIENT PROVIDER BAR full|sample|lucky (samples of the mapped half alone)

#include "device/engines.h"
#include "pci/machine.h"
#include "route/clearance.h"
#include "sys/error.h"
#include "transfer/move.h"
#include "transfer/verify.h"
#include "transfer/witness.h"
#include "vfio/bar.h"
#include "vfio/host.h"

#include <cstdio>
#include <cstring>

static constexpr uint64_t size = 64 << 20;

using transfer::Span;
using transfer::Verify;

static int run(const char *const *words)
{
	const auto machine = pci::Machine::scan("");
	const auto &client = machine.find(words[0]);
	const auto &provider = machine.find(words[1]);
	const auto *bar = provider.bar(std::stoi(words[2]));
	const auto mode = std::strcmp(words[3], "full") == 0 ? Verify::full : Verify::sample;
	const auto clearance = route::clear(route::verdict(machine, client, provider), {});

	const auto space = vfio::openSpace("type1", client);
	const vfio::HeldBar held(space.get(), provider, *bar);
	vfio::IovaPlan iovas(space->usableRanges(), machine);
	const auto iova = iovas.takeBar(held.busAddress(), bar->size);
	const auto half = space->mapBar(held, 0, size / 2, iova);
	device::Engines engines(*space, iovas);
	const auto engine = engines.attach(client, {});
	const vfio::HostWindow staging(*space, iovas, transfer::Side::largestBlock);

	const Span whole{device::Direction::fromMedium, 0,
			 engine->prepare({iova, held.view().bytes().first(size)}), 0, size};
	transfer::MediumSide disk(*engine, 0, {staging.iova(), staging.bytes()});
	transfer::MemorySide memory(held.view().bytes().first(size));
	const uint64_t looked = std::strcmp(words[3], "lucky") == 0 ? size / 2 : size;
	const transfer::Plan plan{.order = {},
				  .from = {.place = {}, .function = client},
				  .to = {.place = {}},
				  .legs = {{.client = client, .engine = engine->engine()}}};
	const transfer::Witness witness(machine, plan, engine.get(), nullptr);
	transfer::Proof proof(disk, memory,
			      {.length = looked,
			       .blockSize = engine->blockSize(),
			       .requestSize = engine->maxTransfer(),
			       .queues = engine->queues()},
			      mode);
	auto wrong = proof.poison(0, looked);
	if (!wrong) {
		transfer::move(transfer::Leave({&clearance, 1}), *engine, whole,
			       {.requestSize = engine->maxTransfer()});
		wrong = proof.check(0, looked);
	}
	if (!wrong && transfer::isFaulted(witness.testify()))
		wrong = {.kind = "faulted"};
	if (wrong)
		printf("%s at %llu\n", wrong->kind.c_str(),
		       static_cast<unsigned long long>(wrong->offset));
	return wrong ? 3 : 0;
}

int main(int count, char **words)
{
	if (count != 5)
		return 2;
	try {
		return run(words + 1);
	} catch (const sys::Error &error) {
		fprintf(stderr, "%s: %s\n", error.code.c_str(), error.what());
		return 2;
	}
}
