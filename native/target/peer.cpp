// SPDX-License-Identifier: MIT
#include "target/peer.h"

#include "route/verdict.h"
#include "sys/error.h"
#include "sys/file.h"
#include "target/network.h"

#include <algorithm>
#include <climits>

namespace target
{

using route::Word;

static bool isNamespaceName(const std::string &name)
{
	int controller = 0, index = 0, end = 0;
	return sscanf(name.c_str(), "nvme%dn%d%n", &controller, &index, &end) == 2 &&
	       static_cast<size_t>(end) == name.size();
}

// A head stands in its subsystem's folder, beside links to the controllers.
static bool isOverPci(const pci::Machine &machine, const std::string &head)
{
	const std::string subsystem = head.substr(0, head.rfind('/'));
	return std::ranges::any_of(sys::list(subsystem), [&](const std::string &name) {
		return sys::readText(machine.root + "/sys/class/nvme/" + name + "/transport") ==
		       "pcie";
	});
}

Disk findDisk(const pci::Machine &machine, const std::string &name)
{
	const std::string base = name.starts_with("/dev/") ? name.substr(5) : name;
	const auto path = sys::realPath(machine.root + "/sys/block/" + base);
	if (!isNamespaceName(base) || !path)
		throw sys::Error("P2P_NOT_NAMESPACE", name + " is no NVMe namespace",
				 {{"name", name}});
	if (path->find("/devices/virtual/") != std::string::npos)
		return {.name = base, .isHead = true, .isPci = isOverPci(machine, *path)};
	return {.name = base, .function = &machine.find(base)};
}

// Everything that the answer hangs on.
struct Question {
	const pci::Machine &machine;
	const Disk &disk;
	const Port &port;
	std::optional<RdmaDevice> rdma;

	bool isRdma() const { return port.transport == "rdma"; }
	// The function whose DMA the kernel would ask about; nullptr where there is none, or it is
	// not known.
	const pci::Function *network() const
	{
		return rdma && rdma->isHardware == true ? rdma->function : nullptr;
	}
};

static bool isReachable(Word word)
{
	return word == Word::direct || word == Word::throughRoot;
}

static bool isOffered(const pci::Function &function)
{
	return function.p2pmem && function.p2pmem->isPublished;
}

// The kernel's counting over all clients; nullopt where one of them does not reach it.
static std::optional<int> distanceTo(const Question &question, const pci::Function &provider,
				     bool isWithNetwork)
{
	int distance = 0;
	for (const auto *client :
	     {question.disk.function, isWithNetwork ? question.network() : nullptr}) {
		if (!client)
			continue;
		const auto verdict = route::verdict(question.machine, *client, provider);
		if (!isReachable(verdict.word))
			return std::nullopt;
		distance += verdict.kernel.distance.value_or(0);
	}
	return distance;
}

// pci_p2pmem_find_many() of drivers/pci/p2pdma.c; of equal ones it takes any, this the first.
static const pci::Function *nearest(const Question &question, bool isWithNetwork)
{
	const pci::Function *found = nullptr;
	int least = INT_MAX;
	for (const auto &function : question.machine.functions) {
		if (!isOffered(function))
			continue;
		const auto distance = distanceTo(question, function, isWithNetwork);
		if (distance && *distance < least) {
			least = *distance;
			found = &function;
		}
	}
	return found;
}

static const pci::Function *choose(const Question &question, const std::string &via)
{
	if (!via.empty())
		return &question.machine.find(via);
	const auto *best = nearest(question, true);
	// A provider out of the network function's reach is still one for another port.
	return best ? best : nearest(question, false);
}

static Prospect no(std::string reason, std::map<std::string, std::string> facts = {})
{
	return {.isPeer = false, .reason = std::move(reason), .facts = std::move(facts)};
}

static Prospect unknown(std::string reason, std::map<std::string, std::string> facts = {})
{
	return {.reason = std::move(reason), .facts = std::move(facts)};
}

// The kernel would refuse the attribute itself: nothing of the network matters yet.
static std::optional<Prospect> refusal(const Question &question, const pci::Function *provider,
				       const std::string &via)
{
	if (!provider) {
		const auto &all = question.machine.functions;
		return std::ranges::any_of(all, isOffered) ? no("namespace-unreachable")
							   : no("no-provider");
	}
	const std::string name = provider->bdf.name();
	if (!isOffered(*provider))
		return no("no-provider", {{"provider", name}});
	if (via.empty())
		return std::nullopt;
	const auto word = route::wordOf(question.machine, *question.disk.function, *provider);
	if (word == Word::unknown)
		return unknown("namespace-unknown", {{"provider", name}});
	return isReachable(word) ? std::nullopt
				 : std::optional(no("namespace-unreachable", {{"provider", name}}));
}

static Prospect overRdma(const Question &question, const pci::Function &provider)
{
	if (!question.rdma)
		return hasRdmaDevice(question.machine) ? unknown("rdma-unknown") : no("no-rdma");
	const auto &rdma = *question.rdma;
	if (rdma.isHardware == false)
		return no("software-rdma", {{"rdma", rdma.name}});
	if (!question.network())
		return unknown("rdma-unknown", {{"rdma", rdma.name}});

	const auto word = route::wordOf(question.machine, *rdma.function, provider);
	const std::map<std::string, std::string> facts = {{"network", rdma.function->bdf.name()},
							  {"provider", provider.bdf.name()}};
	if (word == Word::unknown)
		return unknown("network-unknown", facts);
	if (!isReachable(word))
		return no("network-unreachable", facts);
	const auto own = route::wordOf(question.machine, *question.disk.function, provider);
	return {.isPeer = true,
		.isDirect = word == Word::direct && own == Word::direct,
		.reason = "",
		.facts = facts};
}

Prospect prospect(const pci::Machine &machine, const Disk &disk, const Port &port,
		  const std::string &via)
{
	if (via == "none")
		return no("off");
	if (!disk.isPci)
		return no("not-pci");
	if (disk.isHead)
		return no("multipath");

	Question question{machine, disk, port, std::nullopt};
	if (question.isRdma())
		question.rdma = rdmaDeviceAt(machine, port.address);
	const auto *provider = choose(question, via);
	if (auto refused = refusal(question, provider, via))
		return *refused;

	auto answer = question.isRdma() ? overRdma(question, *provider)
					: no("transport", {{"transport", port.transport}});
	answer.provider = provider->bdf.name();
	return answer;
}

}
