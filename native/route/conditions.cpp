// SPDX-License-Identifier: MIT
#include "route/conditions.h"

#include "pci/function.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <linux/pci_regs.h>

namespace route
{

// A VF's Memory enable is its PF's: VF MSE in the SR-IOV capability.
static std::optional<bool> hasMemory(const pci::Machine &machine, const pci::Function &function)
{
	const auto *physical = function.physfn ? machine.lookUp(*function.physfn) : nullptr;
	if (!physical) {
		const auto command = function.config.u16(PCI_COMMAND);
		return command ? std::optional((*command & PCI_COMMAND_MEMORY) != 0) : std::nullopt;
	}
	const auto sriov = physical->config.extended(PCI_EXT_CAP_ID_SRIOV);
	const auto control = physical->config.u16(sriov.offset + PCI_SRIOV_CTRL);
	if (sriov.seen != pci::Seen::yes || !control)
		return std::nullopt;
	return (*control & PCI_SRIOV_CTRL_MSE) != 0;
}

static bool isMasterOff(const pci::Function &function)
{
	const auto command = function.config.u16(PCI_COMMAND);
	return command && !(*command & PCI_COMMAND_MASTER);
}

static bool offersMemory(const pci::Function &function)
{
	return std::ranges::any_of(function.bars,
				   [](const pci::Bar &b) { return b.isMemory && b.busAddress; });
}

static std::string linkText(const pci::Link &link)
{
	std::string speed = std::to_string(link.speedGTs);
	speed.erase(speed.find_last_not_of('0') + 1);
	if (speed.ends_with('.'))
		speed.pop_back();
	return speed + "GT/s×" + std::to_string(link.width);
}

static bool isBelow(const pci::Link &now, const pci::Link &max)
{
	return now.width > 0 && max.width > 0 &&
	       (now.speedGTs < max.speedGTs || now.width < max.width);
}

// The lower end of a link: the upper end is the port above it.
static bool endsLink(const pci::Function &function)
{
	return function.role == pci::Role::endpoint || function.role == pci::Role::upstreamPort;
}

static void checkLink(const pci::Machine &machine, const pci::Function &function,
		      std::vector<Condition> &conditions)
{
	if (!endsLink(function) || !isBelow(function.link, function.maxLink))
		return;
	const auto *port = function.parent ? machine.lookUp(*function.parent) : nullptr;
	const bool isSlot =
		port && port->maxLink.width > 0 && !isBelow(function.link, port->maxLink);
	conditions.push_back({{"code", isSlot ? "link-below-card" : "link-below-max"},
			      {"bdf", function.bdf.name()},
			      {"now", linkText(function.link)},
			      {"max", linkText(function.maxLink)},
			      {"port", port ? port->bdf.name() : ""}});
}

// Max_Payload_Size in bytes, as it is set.
static std::optional<int> payloadOf(const pci::Function &function)
{
	const auto express = function.config.capability(PCI_CAP_ID_EXP);
	const auto control = function.config.u16(express.offset + size_t{PCI_EXP_DEVCTL});
	if (express.seen != pci::Seen::yes || !control)
		return std::nullopt;
	return 128 << std::min((*control & PCI_EXP_DEVCTL_PAYLOAD) >> 5, 5);
}

// A TLP that is longer than a port on its way takes is malformed there.
static void checkPayload(const pci::Function &sender, const Chain &receivers,
			 std::vector<Condition> &conditions)
{
	const auto sent = payloadOf(sender);
	for (const pci::Function *receiver : receivers) {
		const auto taken = payloadOf(*receiver);
		if (!sent || !taken || *taken >= *sent)
			continue;
		conditions.push_back({{"code", "payload-mismatch"},
				      {"bdf", sender.bdf.name()},
				      {"bytes", std::to_string(*sent)},
				      {"receiver", receiver->bdf.name()},
				      {"limit", std::to_string(*taken)}});
		return;
	}
}

static std::string hex(uint64_t number)
{
	char text[20];
	snprintf(text, sizeof text, "0x%" PRIx64, number);
	return text;
}

static void checkReach(const pci::Function &client, const pci::Function &provider,
		       std::vector<Condition> &conditions)
{
	if (!client.dmaBits || *client.dmaBits < 1 || *client.dmaBits > 63)
		return;
	for (const auto &bar : provider.bars) {
		if (!bar.isMemory || !bar.busAddress || bar.size == 0)
			continue;
		const uint64_t last = pci::number(*bar.busAddress) + bar.size - 1;
		if (last >> *client.dmaBits)
			conditions.push_back({{"code", "beyond-reach"},
					      {"bdf", client.bdf.name()},
					      {"bits", std::to_string(*client.dmaBits)},
					      {"provider", provider.bdf.name()},
					      {"bar", std::to_string(bar.index)},
					      {"address", hex(last)}});
	}
}

// vfio-pci lays a function to rest until somebody opens it, who then wakes it.
static bool isParked(const pci::Function &function)
{
	return function.driver == "vfio-pci";
}

static void checkEnd(const pci::Function &function, std::vector<Condition> &conditions)
{
	const std::string bdf = function.bdf.name();
	if (function.config.isGone())
		conditions.push_back({{"code", "gone"}, {"bdf", bdf}});
	if (const auto state = pci::sleepOf(function); !state.empty() && !isParked(function))
		conditions.push_back({{"code", "d-state"}, {"bdf", bdf}, {"state", state}});
}

// Writes travel from the client, completions with data from the provider.
static void checkPath(const pci::Function &client, const pci::Function &provider, Chain bridges,
		      std::vector<Condition> &conditions)
{
	bridges.push_back(&provider);
	checkPayload(client, bridges, conditions);
	bridges.back() = &client;
	checkPayload(provider, bridges, conditions);
	checkReach(client, provider, conditions);
}

std::vector<Condition> conditionsOf(const pci::Machine &machine, const Meeting &meeting,
				    const Chain &bridges)
{
	const pci::Function &client = *meeting.client.front(),
			    &provider = *meeting.provider.front();
	std::vector<Condition> found;

	checkEnd(client, found);
	checkLink(machine, client, found);
	if (isMasterOff(client) && !isParked(client))
		found.push_back({{"code", "bus-master-off"}, {"bdf", client.bdf.name()}});
	for (const pci::Function *bridge : bridges) {
		checkLink(machine, *bridge, found);
		if (isMasterOff(*bridge))
			found.push_back({{"code", "bus-master-off"}, {"bdf", bridge->bdf.name()}});
		if (hasMemory(machine, *bridge) == false)
			found.push_back({{"code", "memory-off"}, {"bdf", bridge->bdf.name()}});
	}
	if (&client != &provider) {
		checkEnd(provider, found);
		checkLink(machine, provider, found);
		checkPath(client, provider, bridges, found);
	}
	if (!provider.hasResources)
		return found;
	if (!offersMemory(provider))
		found.push_back({{"code", provider.bars.empty() ? "no-memory" : "not-assigned"},
				 {"bdf", provider.bdf.name()}});
	else if (hasMemory(machine, provider) == false)
		found.push_back({{"code", "memory-off"}, {"bdf", provider.bdf.name()}});
	return found;
}

// What is left of a lane's transfers after the encoding (PCIe base specification, 4.2): 8b/10b,
// 128b/130b, and 242 of 256 bytes of a flit.
static double encodingOf(double speedGTs)
{
	if (speedGTs <= 5)
		return 8.0 / 10;
	return speedGTs <= 32 ? 128.0 / 130 : 242.0 / 256;
}

// Framing, sequence number, a header with a 64-bit address, LCRC.
constexpr double overheadBytes = 24;

static double usable(const pci::Link &link, int payload)
{
	const double bytes = link.speedGTs * 1e9 / 8 * link.width * encodingOf(link.speedGTs);
	return bytes * payload / (payload + overheadBytes);
}

static Chain linksOf(const Meeting &meeting, bool isDetour)
{
	Chain lower;
	const auto take = [&](const Chain &chain, size_t depth) {
		for (size_t i = 0; i < depth; i++)
			if (endsLink(*chain[i]) && chain[i]->link.width > 0)
				lower.push_back(chain[i]);
	};
	take(meeting.client, isDetour ? meeting.client.size() : meeting.clientDepth);
	take(meeting.provider, isDetour ? meeting.provider.size() : meeting.providerDepth);
	return lower;
}

static int leastPayload(const Meeting &meeting)
{
	std::optional<int> least;
	for (const auto *chain : {&meeting.client, &meeting.provider})
		for (const pci::Function *function : *chain)
			if (const auto payload = payloadOf(*function))
				least = std::min(*payload, least.value_or(*payload));
	return least.value_or(128);
}

std::optional<Bottleneck> bottleneckOf(const Meeting &meeting, bool isDetour)
{
	std::optional<Bottleneck> least;
	const int payload = leastPayload(meeting);

	for (const pci::Function *function : linksOf(meeting, isDetour)) {
		const double rate = usable(function->link, payload);
		if (!least || rate < least->bytesPerSecond)
			least = {function->bdf, function->link, payload, rate};
	}
	return least;
}

}
