// SPDX-License-Identifier: MIT
#include "paper/header.h"

#include "paper/id_names.h"
#include "paper/words.h"

#include <algorithm>
#include <vector>

namespace paper
{

constexpr size_t longestClass = 80;

static bool isHex(std::string_view text, size_t digits)
{
	return text.size() == digits && std::ranges::all_of(text, isHexDigit);
}

static uint16_t hexWord(std::string_view digits)
{
	return static_cast<uint16_t>(numberAt(digits.substr(0, 4), 16).value_or(0));
}

std::optional<uint16_t> readClass(std::string_view text)
{
	constexpr std::string_view word = "Class ";
	constexpr size_t bracketed = 6; // [0604]
	if (text.starts_with(word))
		text.remove_prefix(word.size());
	if (isHex(text, 4))
		return hexWord(text);
	if (text.ends_with(']') && text.size() >= bracketed) {
		const auto number = text.substr(text.size() - bracketed);
		if (number[0] == '[' && isHex(number.substr(1, 4), 4))
			return hexWord(number.substr(1));
	}
	return classByName(text);
}

static std::string_view behindBdf(std::string_view line)
{
	return trimmed(line.substr(std::min(line.find(' '), line.size())));
}

static std::string_view classText(std::string_view rest)
{
	if (rest.starts_with('"'))
		return rest.substr(1, rest.find('"', 1) - 1);
	const auto head = rest.substr(0, longestClass);
	const size_t colon = head.find(": ");
	if (colon != std::string_view::npos)
		return head.substr(0, colon);
	return rest.ends_with(':') ? rest.substr(0, rest.size() - 1) : std::string_view{};
}

std::optional<pci::Bdf> headerOf(std::string_view line)
{
	constexpr size_t longestBdf = 16;
	const size_t end = line.find(' ');
	if (end == std::string_view::npos || end > longestBdf)
		return std::nullopt;
	const auto bdf = pci::Bdf::parse(line.substr(0, end));
	return bdf && readClass(classText(behindBdf(line))) ? bdf : std::nullopt;
}

static bool isIds(std::string_view text)
{
	constexpr size_t digits = 4;
	return text.size() == 2 * digits + 1 && text[digits] == ':' &&
	       isHex(text.substr(0, digits), digits) && isHex(text.substr(digits + 1), digits);
}

// The last '[8086:2030]'; with -n it stands bare in front.
static std::string_view idsIn(std::string_view text)
{
	constexpr size_t length = 9;
	for (size_t at = text.rfind('['); at != std::string_view::npos;
	     at = at == 0 ? std::string_view::npos : text.rfind('[', at - 1))
		if (isIds(text.substr(at + 1, length)) &&
		    text.substr(at + 1 + length).starts_with(']'))
			return text.substr(at + 1, length);
	const auto bare = text.substr(0, length);
	return isIds(bare) ? bare : std::string_view{};
}

void readIds(std::string_view text, std::optional<uint16_t> &vendor,
	     std::optional<uint16_t> &device)
{
	if (const auto ids = idsIn(text); !ids.empty()) {
		vendor = hexWord(ids);
		device = hexWord(ids.substr(5));
		return;
	}
	const auto named = idsByName(text);
	if (!vendor)
		vendor = named.vendor;
	if (!device)
		device = named.device;
}

static void readMarks(std::string_view text, std::string_view revision, std::string_view interface,
		      Record &record)
{
	if (const auto number = numberBehind(text, revision, 16))
		record.revision = static_cast<uint8_t>(*number);
	if (const auto number = numberBehind(text, interface, 16))
		record.interface = static_cast<uint8_t>(*number);
}

// '"Host bridge" "Intel Corporation" "Device 0d57" -r01 -p00 "…" "…"'
static void readQuoted(std::string_view rest, Record &record)
{
	std::vector<std::string_view> fields;
	for (size_t at = rest.find('"'); at != std::string_view::npos && fields.size() < 5;) {
		const size_t end = rest.find('"', at + 1);
		if (end == std::string_view::npos)
			break;
		fields.push_back(rest.substr(at + 1, end - at - 1));
		at = rest.find('"', end + 1);
	}
	record.classCode = readClass(fields.empty() ? "" : fields[0]);
	readMarks(rest, " -r", " -p", record);
	if (fields.size() < 3)
		return;
	const auto number = [](std::string_view field) -> std::optional<uint16_t> {
		const auto inner = field.ends_with(']') && field.size() >= 6
					   ? field.substr(field.size() - 5, 4)
					   : field;
		return isHex(inner, 4) ? std::optional(hexWord(inner)) : std::nullopt;
	};
	record.vendor = number(fields[1]);
	record.device = number(fields[2]);
	if (fields.size() == 5 && number(fields[3]) && number(fields[4])) {
		record.subVendor = number(fields[3]);
		record.subDevice = number(fields[4]);
	}
	if (!record.vendor)
		readIds(std::string(fields[1]) + " " + std::string(fields[2]), record.vendor,
			record.device);
}

void readHeader(std::string_view line, Record &record)
{
	const auto rest = behindBdf(line);
	if (rest.starts_with('"')) {
		readQuoted(rest, record);
		return;
	}
	const auto className = classText(rest);
	record.classCode = readClass(className);
	const auto name = rest.substr(std::min(className.size() + 2, rest.size()));
	readIds(name, record.vendor, record.device);
	readMarks(name, "(rev ", "(prog-if ", record);
}

bool endsHeader(std::string_view line)
{
	if (line.find("(rev ") != std::string_view::npos ||
	    line.find("(prog-if ") != std::string_view::npos || line.ends_with("])"))
		return true;
	const size_t open = line.rfind('[');
	return open != std::string_view::npos && isIds(line.substr(open + 1, 9));
}

}
