// SPDX-License-Identifier: MIT
#include "transfer/witness.h"

#include "sys/clock.h"
#include "sys/file.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace transfer
{

static constexpr std::array severities{"correctable", "nonfatal", "fatal"};

std::map<std::string, uint64_t> aerCounts(const std::string &text)
{
	std::map<std::string, uint64_t> counts;
	std::istringstream lines(text);

	for (std::string line; std::getline(lines, line);) {
		const auto space = line.rfind(' ');
		if (space == std::string::npos || line.starts_with("TOTAL_ERR"))
			continue;
		counts[line.substr(0, space)] =
			std::strtoull(line.c_str() + space + 1, nullptr, 10);
	}
	return counts;
}

static std::map<std::string, std::map<std::string, uint64_t>>
countersOf(const pci::Function &function)
{
	std::map<std::string, std::map<std::string, uint64_t>> counters;
	for (const auto *severity : severities)
		if (const auto text = sys::readText(function.folder + "/aer_dev_" + severity))
			counters[severity] = aerCounts(*text);
	return counters;
}

static uint64_t highest(const std::vector<device::nvme::LoggedError> &errors)
{
	uint64_t count = 0;
	for (const auto &error : errors)
		count = std::max(count, error.count);
	return count;
}

Witness::Witness(const pci::Machine &machine, const Plan &plan, device::Client *source,
		 device::Client *sink)
    : machine_(machine)
{
	for (const auto &leg : plan.legs) {
		clients_.push_back(leg.client);
		watch(leg.client);
		if (leg.provider)
			watch(*leg.provider);
	}
	for (const auto *end : {&plan.from, &plan.to})
		if (end->function)
			watch(*end->function);
	for (auto [client, end] : {std::pair(source, &plan.from), {sink, &plan.to}})
		if (client && end->function && !isKnown(end->function->bdf))
			controllers_.push_back(
				{client, end->function->bdf, highest(client->errors(0))});
}

// Two namespaces of one controller share its log.
bool Witness::isKnown(const pci::Bdf &function) const
{
	return std::ranges::any_of(controllers_, [&](const Controller &controller) {
		return controller.function == function;
	});
}

// The function and every port above it.
void Witness::watch(const pci::Function &function)
{
	for (const auto *at = &function; at && !counters_.contains(at->bdf);
	     at = at->parent ? machine_.lookUp(*at->parent) : nullptr)
		counters_[at->bdf] = countersOf(*at);
}

std::vector<Testimony> Witness::testify() const
{
	std::vector<Testimony> all;
	if (!clients_.empty())
		addFaults(all);
	addCounts(all);
	addErrors(all);
	return all;
}

void Witness::testify(sys::Error &error) const
{
	std::vector<Testimony> all;
	addFaults(all);
	if (all.empty())
		return;
	const auto &faults = std::get<IommuFaults>(all.front());
	error.facts["faults"] = std::to_string(faults.count);
	error.facts["faultFunction"] = faults.function.name();
}

// The names under which an IOMMU knows a client: its own, or those of a bridge from conventional
// PCI that speaks for it (PCI Express to PCI/PCI-X Bridge Specification 2.3).
std::vector<pci::Bdf> Witness::requesters(const pci::Function &client) const
{
	std::vector<pci::Bdf> names{client.bdf};
	const auto *below = &client;

	while (const auto *above = below->parent ? machine_.lookUp(*below->parent) : nullptr) {
		if (above->role == pci::Role::bridge) {
			names.push_back(above->bdf);
			names.push_back({.domain = below->bdf.domain, .bus = below->bdf.bus});
		}
		below = above;
	}
	return names;
}

static bool isBy(const Fault &fault, const std::vector<pci::Bdf> &requesters)
{
	return std::ranges::any_of(requesters, [&](pci::Bdf name) {
		if (!fault.hasDomain)
			name.domain = fault.function.domain;
		return name == fault.function;
	});
}

void Witness::addFaults(std::vector<Testimony> &all) const
{
	// The IOMMU's interrupt may be a little behind the last completion: in a virtual machine by
	// as long as its host takes to let another CPU run.
	constexpr uint64_t moment = 20'000'000;
	sys::pause(moment);
	const auto faults = faultsIn(log_.news());

	std::vector<pci::Bdf> told;
	for (const auto &client : clients_) {
		IommuFaults sum{.function = client.bdf};
		for (const auto &fault : faults)
			if (isBy(fault, requesters(client)) && sum.count++ == 0)
				sum.first = fault;
		if (sum.count > 0 && std::ranges::find(told, client.bdf) == told.end())
			all.push_back(sum);
		told.push_back(client.bdf);
	}
}

// By how much a counter moved; one that was not there before says nothing.
static uint64_t moved(const std::map<std::string, uint64_t> &before, const std::string &name,
		      uint64_t now)
{
	const auto was = before.find(name);
	return was != before.end() && now > was->second ? now - was->second : 0;
}

void Witness::addCounts(std::vector<Testimony> &all) const
{
	for (const auto &[bdf, before] : counters_)
		for (const auto &[severity, counts] : countersOf(machine_.at(bdf)))
			for (const auto &[name, now] : counts) {
				const auto was = before.find(severity);
				const auto count =
					was == before.end() ? 0 : moved(was->second, name, now);
				if (count > 0)
					all.push_back(AerCount{bdf, severity, name, count});
			}
}

void Witness::addErrors(std::vector<Testimony> &all) const
{
	for (const auto &[client, function, before] : controllers_)
		for (const auto &error : client->errors(before))
			all.push_back(NvmeError{function, error});
}

bool isFaulted(const std::vector<Testimony> &testimonies)
{
	return std::ranges::any_of(testimonies, [](const Testimony &testimony) {
		return std::holds_alternative<IommuFaults>(testimony);
	});
}

}
