// SPDX-License-Identifier: MIT
#include "route/matrix.h"

#include <linux/pci_regs.h>
#include <map>
#include <set>
#include <tuple>

namespace route
{

using Fates = std::vector<std::vector<size_t>>;
using Place = std::pair<std::string, std::optional<pci::Bdf>>;

static Place placeOf(const pci::Function &function)
{
	return {function.rootBus, function.parent};
}

// An egress control vector tells siblings apart by their numbers.
static std::set<Place> placesWithEgress(const pci::Machine &machine)
{
	std::set<Place> places;
	for (const auto &function : machine.functions)
		if (function.acs.has(PCI_ACS_EC))
			places.insert(placeOf(function));
	return places;
}

static bool standsAlone(const pci::Function &function, const std::set<Place> &egress)
{
	const bool isEnd =
		function.role == pci::Role::endpoint || function.role == pci::Role::rcIntegrated;
	return !isEnd || egress.contains(placeOf(function));
}

Fates fatesOf(const pci::Machine &machine, const Functions &functions)
{
	using Key = std::tuple<Place, pci::Seen, uint16_t>;
	const auto egress = placesWithEgress(machine);
	std::map<Key, size_t> known;
	Fates fates;

	for (size_t i = 0; i < functions.size(); i++) {
		const auto &function = *functions[i];
		if (standsAlone(function, egress)) {
			fates.push_back({i});
			continue;
		}
		const Key key{placeOf(function), function.acs.seen, function.acs.control};
		const auto [found, isNew] = known.emplace(key, fates.size());
		if (isNew)
			fates.push_back({i});
		else
			fates[found->second].push_back(i);
	}
	return fates;
}

static void spread(Matrix &matrix, const std::vector<size_t> &clients,
		   const std::vector<size_t> &providers, Word word)
{
	for (const size_t client : clients)
		for (const size_t provider : providers)
			matrix.words[client * matrix.size + provider] = word;
}

Matrix matrix(const pci::Machine &machine, const Functions &functions)
{
	const size_t size = functions.size();
	Matrix result{size, std::vector<Word>(size * size), fatesOf(machine, functions)};

	for (const auto &clients : result.fates) {
		const auto &client = *functions[clients.front()];
		for (const auto &providers : result.fates)
			if (&providers != &clients)
				spread(result, clients, providers,
				       wordOf(machine, client, *functions[providers.front()]));
		// Among themselves as the first is to the last, and each to itself.
		if (clients.size() > 1)
			spread(result, clients, clients,
			       wordOf(machine, client, *functions[clients.back()]));
		const Word itself = wordOf(machine, client, client);
		for (const size_t place : clients)
			result.words[place * size + place] = itself;
	}
	return result;
}

}
