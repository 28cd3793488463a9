// SPDX-License-Identifier: MIT
#include "paper/tree.h"

#include "paper/words.h"

namespace paper
{

// '-[', '-+-[' or a branch '+-', '\-' behind blanks and bars.
static size_t startOf(std::string_view line)
{
	const size_t at = line.find_first_not_of(" |\t");
	if (at == std::string_view::npos || at + 3 >= line.size())
		return std::string_view::npos;
	const auto rest = line.substr(at);
	for (const auto start : {"-[", "-+-", "+-", "\\-", "+[", "\\["})
		if (rest.starts_with(start))
			return at;
	return std::string_view::npos;
}

// '[0000:18-1f]' and its kin.
struct Bracket {
	std::optional<uint32_t> domain;
	uint8_t first = 0, last = 0;
	size_t length = 0; // 0: none
};

static Bracket bracketAt(std::string_view text)
{
	const size_t close = text.find(']');
	if (!text.starts_with('[') || close == std::string_view::npos || close > 24)
		return {};
	auto inside = text.substr(1, close - 1);
	Bracket bracket;
	if (const size_t colon = inside.find(':'); colon != std::string_view::npos) {
		const auto domain = numberAt(inside, 16);
		if (!domain)
			return {};
		bracket.domain = static_cast<uint32_t>(*domain);
		inside.remove_prefix(colon + 1);
	}
	const auto first = numberAt(inside, 16);
	if (!first || *first > 0xff)
		return {};
	bracket.first = static_cast<uint8_t>(*first);
	bracket.last = static_cast<uint8_t>(numberBehind(inside, "-", 16).value_or(*first));
	bracket.length = close + 1;
	return bracket;
}

static bool isDevice(std::string_view text)
{
	return text.size() >= 4 && isHexDigit(text[0]) && isHexDigit(text[1]) && text[2] == '.' &&
	       text[3] >= '0' && text[3] <= '7';
}

bool Tree::read(std::string_view line)
{
	const size_t at = startOf(line);
	if (at == std::string_view::npos)
		return false;
	if (line[at] == '-') {
		readFrom(line, at, {});
		return true;
	}
	const auto column = columns_.find(at);
	if (column == columns_.end())
		return false;
	readFrom(line, at, column->second);
	return true;
}

void Tree::readFrom(std::string_view line, size_t at, Place place)
{
	std::optional<pci::Bdf> device;
	while (at < line.size()) {
		const auto rest = line.substr(at);
		if (const auto bracket = bracketAt(rest); bracket.length > 0) {
			if (device)
				bridges_[*device] = {bracket.first, bracket.last};
			place.bus = {bracket.domain.value_or(place.bus.first), bracket.first};
			if (place.isRoot)
				roots.insert(place.bus);
			place.isRoot = false;
			device.reset();
			at += bracket.length;
		} else if (!place.isRoot && !device && isDevice(rest)) {
			const auto slot = numberAt(rest.substr(0, 2), 16).value_or(0);
			device = pci::Bdf{place.bus.first, place.bus.second,
					  static_cast<uint8_t>(slot & 0x1f),
					  static_cast<uint8_t>(rest[3] - '0')};
			functions_.insert(*device);
			at += 4;
		} else if (rest[0] == '+' || rest[0] == '\\') {
			columns_[at] = place;
			at++;
		} else if (rest[0] == '-') {
			at++;
		} else {
			return;
		}
	}
}

void Tree::complete(Records &records) const
{
	for (const auto &bdf : functions_)
		records[bdf].function.bdf = bdf;
	for (const auto &[bdf, below] : bridges_) {
		auto &record = records[bdf];
		record.hasClass = true;
		record.function.classCode = 0x060400;
		if (!record.secondary) {
			record.secondary = below.secondary;
			record.subordinate = below.subordinate;
		}
	}
}

}
