// SPDX-License-Identifier: MIT
// Finding words and numbers in a line, without regular expressions: lines come from anywhere and
// may be of any length.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace paper
{

constexpr std::string_view blanks = " \t\r\v\f";

inline std::string_view trimmed(std::string_view text)
{
	const size_t first = text.find_first_not_of(blanks);
	if (first == std::string_view::npos)
		return {};
	return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

inline bool isHexDigit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The number that text starts with, blanks before it allowed.
inline std::optional<uint64_t> numberAt(std::string_view text, int base)
{
	text = text.substr(std::min(text.find_first_not_of(blanks), text.size()));
	if (base == 16 && (text.starts_with("0x") || text.starts_with("0X")))
		text.remove_prefix(2);
	uint64_t number = 0;
	const auto [end, error] =
		std::from_chars(text.data(), text.data() + text.size(), number, base);
	return error == std::errc() ? std::optional(number) : std::nullopt;
}

// What stands behind key, '' where key does not occur.
inline std::string_view behind(std::string_view line, std::string_view key)
{
	const size_t at = line.find(key);
	return at == std::string_view::npos ? std::string_view{} : line.substr(at + key.size());
}

inline std::optional<uint64_t> numberBehind(std::string_view line, std::string_view key,
					    int base = 10)
{
	return numberAt(behind(line, key), base);
}

// 'Mem+' is true, 'Mem-' false, anything else nothing.
inline std::optional<bool> flag(std::string_view line, std::string_view name)
{
	for (size_t at = line.find(name); at != std::string_view::npos;
	     at = line.find(name, at + 1)) {
		const bool isWord = at == 0 || blanks.find(line[at - 1]) != std::string_view::npos;
		const size_t end = at + name.size();
		if (isWord && end < line.size() && (line[end] == '+' || line[end] == '-'))
			return line[end] == '+';
	}
	return std::nullopt;
}

// 'bb:dd.f' or 'dddd:bb:dd.f' at the start of text: its length, 0 where there is none.
inline size_t bdfLength(std::string_view text)
{
	size_t end = 0;
	while (end < text.size() && end < 16 &&
	       (isHexDigit(text[end]) || text[end] == ':' || text[end] == '.'))
		end++;
	return end >= 7 && text[end - 2] == '.' && text[end - 5] == ':' ? end : 0;
}

}
