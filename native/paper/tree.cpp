// SPDX-License-Identifier: MIT
#include "paper/tree.h"

#include "paper/header.h"
#include "paper/words.h"

#include <algorithm>

namespace paper
{

constexpr size_t mostFunctions = 65536;
constexpr size_t longestBracket = 18; // [10000:e0-ff] and more
constexpr uint16_t classBridgePci = 0x0604;

// Behind what quotes it in a mail, and the bars of other branches.
static size_t startOf(std::string_view line)
{
	return std::min(line.find_first_not_of(" |>"), line.size());
}

static std::string_view bracketAt(std::string_view text)
{
	const size_t close = text.substr(0, longestBracket).find(']');
	return text.starts_with('[') && close != std::string_view::npos ? text.substr(0, close + 1)
									: std::string_view{};
}

static bool isDevice(std::string_view text)
{
	return text.size() >= 4 && isHexDigit(text[0]) && isHexDigit(text[1]) && text[2] == '.' &&
	       text[3] >= '0' && text[3] <= '7' &&
	       (text.size() == 4 || text[4] == ' ' || text[4] == '-');
}

bool Tree::read(std::string_view line)
{
	line = line.substr(0, line.find_last_not_of(blanks) + 1);
	const size_t at = startOf(line);
	const auto rest = line.substr(at);
	if (rest.starts_with("-[") || rest.starts_with("-+-[")) {
		columns_.clear();
		return readFrom(line, at, {});
	}
	// With -s the picture starts at a bridge.
	const size_t dash = rest.find("-[");
	if (const auto bdf = pci::Bdf::parse(rest.substr(0, dash)); bdf && dash < longestBracket) {
		columns_.clear();
		functions[*bdf].classCode = classBridgePci;
		return readFrom(line, at + dash, {{bdf->domain, bdf->bus}, bdf, false});
	}
	const auto column = columns_.find(at);
	if (column == columns_.end() || !(rest.starts_with("+-") || rest.starts_with("\\-")))
		return false;
	columns_.erase(std::next(column), columns_.end());
	return readFrom(line, at + 1, Place(column->second));
}

// '[0000:80]' of a root, '[18-1f]' below a bridge.
bool Tree::readBus(std::string_view bracket, Place &place)
{
	auto inside = bracket.substr(1, bracket.size() - 2);
	if (const size_t colon = inside.find(':'); colon != std::string_view::npos) {
		const auto domain = numberAt(inside, 16);
		if (!domain || *domain > UINT32_MAX || colon < 4)
			return false;
		place.bus.first = static_cast<uint32_t>(*domain);
		inside.remove_prefix(colon + 1);
	}
	const auto number = numberAt(inside, 16);
	if (!number || *number > 0xff || inside.size() < 2)
		return false;
	place.bus.second = static_cast<uint8_t>(*number);
	if (place.isRoot)
		roots.insert(place.bus);
	else if (place.bridge && *number != 0)
		bridges.emplace(place.bus, *place.bridge);
	place.isRoot = false;
	place.bridge.reset();
	return true;
}

void Tree::readDevice(std::string_view text, Place &place)
{
	const auto slot = numberAt(text.substr(0, 2), 16).value_or(0) & 0x1f;
	const pci::Bdf bdf{place.bus.first, place.bus.second, static_cast<uint8_t>(slot),
			   static_cast<uint8_t>(text[3] - '0')};
	if (functions.size() >= mostFunctions && !functions.contains(bdf))
		return;
	auto &record = functions[bdf];
	if (text.substr(4).starts_with("-[")) {
		record.classCode = classBridgePci;
		place.bridge = bdf;
	} else {
		readIds(trimmed(text.substr(4)), record.vendor, record.device);
	}
}

bool Tree::readFrom(std::string_view line, size_t at, Place place)
{
	bool isPicture = false;
	while (at < line.size()) {
		const auto rest = line.substr(at);
		if (const auto bracket = bracketAt(rest);
		    !bracket.empty() && (place.isRoot || place.bridge)) {
			if (!readBus(bracket, place))
				return isPicture;
			at += bracket.size();
		} else if (!place.isRoot && isDevice(rest)) {
			readDevice(rest, place);
			isPicture = true;
			if (!place.bridge)
				return true;
			at += 4;
		} else if (rest[0] == '+' || rest[0] == '\\') {
			columns_[at++] = place;
		} else if (rest[0] == '-') {
			at++;
		} else {
			return isPicture;
		}
		isPicture |= !place.isRoot;
	}
	return isPicture;
}

}
