// SPDX-License-Identifier: MIT
#include "paper/marks.h"

#include <algorithm>
#include <array>

namespace paper
{

static bool isPrompt(std::string_view text)
{
	const bool isShell = text.ends_with('#') || text.ends_with('$');
	return text == "#" || text == "$" || text.starts_with("# ") || text.starts_with("$ ") ||
	       (isShell && text.find('@') != std::string_view::npos);
}

bool isCommand(std::string_view text)
{
	return text.starts_with("```") || text.starts_with("~~~") || isPrompt(text) ||
	       text.find("lspci -") != std::string_view::npos || text.ends_with("lspci");
}

bool isComplaint(std::string_view text)
{
	return text.starts_with("pcilib:") || text.starts_with("lspci:");
}

bool isSnip(std::string_view text)
{
	constexpr size_t longest = 40;
	constexpr std::array<std::string_view, 9> marks = {
		"...", "[..", "[…", "…", "<snip", "[snip", "(snip", "-8<", "[cut",
	};
	for (const auto mark : marks)
		if (text.size() < longest && text.substr(0, 8).find(mark) != std::string_view::npos)
			return true;
	return false;
}

bool startsOther(std::string_view text)
{
	constexpr size_t longest = 16;
	const size_t colon = text.substr(0, longest).find(':');
	return colon != std::string_view::npos && colon > 0 &&
	       text.substr(0, colon).find(' ') == std::string_view::npos;
}

static bool endsInSign(std::string_view word)
{
	return word.size() > 2 && (word.ends_with('+') || word.ends_with('-'));
}

// Last words of capabilities.
static bool endsName(std::string_view text)
{
	constexpr std::array<std::string_view, 16> words = {
		"Services",       "Reporting",   "Containment",    "Number",
		"Virtualization", "Information", "Interpretation", "Measurement",
		"Management",     "Substates",   "Hints",          "Interface",
		"Port",           "Endpoint",    "Bridge",         "MSI",
	};
	return std::ranges::any_of(words,
				   [&](std::string_view word) { return text.starts_with(word); });
}

bool isWrapped(size_t widthBefore, std::string_view text)
{
	// Mails break at 72 columns and behind, after their own quotation marks.
	constexpr size_t narrowest = 64;
	return widthBefore + 1 + text.substr(0, text.find(' ')).size() > narrowest;
}

bool goesOn(std::string_view item, std::string_view text)
{
	const bool isName = item.starts_with("Capabilities:");
	const bool isNameless = isName && item.ends_with(']');
	if (isName && endsName(text))
		return true;
	if (text.starts_with('[') || text.starts_with('(') || isNameless || item.ends_with(':') ||
	    text.find("Width x") != std::string_view::npos ||
	    text.find(" bytes") != std::string_view::npos || endsInSign(text))
		return true;
	return endsInSign(text.substr(0, text.find(' ')));
}

}
