// SPDX-License-Identifier: MIT
#include "route/matrix.h"

#include "route/meeting.h"

#include <algorithm>
#include <linux/pci_regs.h>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

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

namespace
{

// What decides the word of a pair, and nothing else: the bridge where the ways meet, the function
// on either side below it, and whether something further down redirects or was not read. Two root
// buses decide where the ways do not meet. So few pairs of many are judged, the others looked up.
class Words
{
public:
	Words(const pci::Machine &machine, const Functions &functions) : machine_(machine)
	{
		for (const pci::Function *function : functions)
			ways_.push_back(wayOf(*function));
	}

	// Of the functions in those places.
	Word between(size_t client, size_t provider)
	{
		const Way &from = ways_[client], &to = ways_[provider];
		if (from.down.empty() || to.down.empty())
			return Word::unknown;
		const uint64_t key = keyOf(from, to);
		if (key != lastKey_) {
			const auto [found, isNew] = known_.try_emplace(key);
			if (isNew)
				found->second = wordOf(machine_, *from.function, *to.function);
			lastKey_ = key;
			lastWord_ = found->second;
		}
		return lastWord_;
	}

private:
	enum State : uint8_t { isUnread = 1, redirects = 2 };

	struct Way {
		const pci::Function *function;
		uint32_t rootBus;
		std::vector<uint32_t> down; // from the root bus to the function; empty if broken
		std::vector<uint8_t> below; // [depth]: State bits of what is deeper than that
	};

	static uint8_t stateOf(const pci::Function &function)
	{
		const auto &acs = function.acs;
		if (acs.seen == pci::Seen::unknown)
			return isUnread;
		return acs.has(PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC) ? redirects : 0;
	}

	Way wayOf(const pci::Function &function)
	{
		const auto bus = rootBuses_.try_emplace(function.rootBus, rootBuses_.size());
		Way way{&function, static_cast<uint32_t>(bus.first->second), {}, {}};
		const auto chain = climb(machine_, function);
		if (!chain)
			return way;
		uint8_t state = 0;
		for (const pci::Function *at : *chain) {
			way.down.push_back(static_cast<uint32_t>(at - machine_.functions.data()));
			way.below.push_back(state);
			state |= stateOf(*at);
		}
		std::ranges::reverse(way.down);
		std::ranges::reverse(way.below);
		return way;
	}

	static uint64_t keyOf(const Way &from, const Way &to)
	{
		constexpr uint64_t nothing = (1 << 20) - 1;
		const auto pack = [](uint64_t meeting, uint64_t a, uint64_t b, uint64_t states) {
			return meeting << 44 | a << 24 | b << 4 | states;
		};
		const auto &a = from.down, &b = to.down;
		const size_t shorter = std::min(a.size(), b.size());
		size_t depth = 0;
		while (depth < shorter && a[depth] == b[depth])
			depth++;
		if (depth == 0)
			return pack(nothing, from.rootBus, to.rootBus, 0);
		return pack(a[depth - 1], depth < a.size() ? a[depth] : nothing,
			    depth < b.size() ? b[depth] : nothing,
			    from.below[depth - 1] << 2U | to.below[depth - 1]);
	}

	const pci::Machine &machine_;
	std::map<std::string, size_t> rootBuses_;
	std::vector<Way> ways_;
	std::unordered_map<uint64_t, Word> known_;
	uint64_t lastKey_ = ~0ULL; // no key: it would be nothing, nothing, nothing
	Word lastWord_ = Word::unknown;
};

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
	Words words(machine, functions);

	for (const auto &clients : result.fates) {
		const size_t client = clients.front();
		for (const auto &providers : result.fates)
			if (&providers != &clients)
				spread(result, clients, providers,
				       words.between(client, providers.front()));
		// Among themselves as the first is to the last, and each to itself.
		if (clients.size() > 1)
			spread(result, clients, clients, words.between(client, clients.back()));
		const Word itself = words.between(client, client);
		for (const size_t place : clients)
			result.words[place * size + place] = itself;
	}
	return result;
}

}
