// SPDX-License-Identifier: MIT
#include "paper/lines.h"

#include "paper/words.h"

namespace paper
{

// Kernel command lines and the flags of processors are the longest that mean something.
constexpr size_t longest = 8192;
constexpr size_t tabWidth = 8;

Lines::Lines(std::string_view text) : rest_(text), endsShort_(!text.empty() && text.back() != '\n')
{
	constexpr std::string_view byteOrderMark = "\xef\xbb\xbf";
	if (rest_.starts_with(byteOrderMark))
		rest_.remove_prefix(byteOrderMark.size());
}

bool Lines::next(Line &line)
{
	line = {};
	if (rest_.empty())
		return false;
	const size_t end = std::min(rest_.find('\n'), rest_.size());
	const auto raw = rest_.substr(0, end);
	rest_.remove_prefix(std::min(end + 1, rest_.size()));
	if (raw.size() > longest) {
		line.isTooLong = true;
		return true;
	}
	draw(raw);
	clean(line);
	return true;
}

// U+2500 to U+257F in plain characters, by the last two bytes of their three.
static char plainBox(unsigned char second, unsigned char third)
{
	if (second == 0x94)
		return third < 0x82                    ? '-'
		       : third < 0x84                  ? '|'
		       : third >= 0x94 && third < 0x98 ? '\\'
						       : '+';
	constexpr unsigned char doubleBar = 0x91, doubleDash = 0x90, doubleCorner = 0x9a,
				roundCorner = 0xb0;
	return third == doubleDash                             ? '-'
	       : third == doubleBar                            ? '|'
	       : third == doubleCorner || third == roundCorner ? '\\'
							       : '+';
}

void Lines::draw(std::string_view raw)
{
	drawn_.clear();
	for (size_t i = 0; i < raw.size(); i++) {
		const auto byte = static_cast<unsigned char>(raw[i]);
		const auto after = [&](size_t n) {
			return static_cast<unsigned char>(i + n < raw.size() ? raw[i + n] : 0);
		};
		if (byte == 0xe2 && (after(1) == 0x94 || after(1) == 0x95)) {
			drawn_ += plainBox(after(1), after(2));
			i += 2;
		} else if (byte == 0xc2 && after(1) == 0xa0) {
			drawn_ += ' ';
			i++;
		} else if (byte == '\0') {
			drawn_ += ' ';
		} else {
			drawn_ += raw[i];
		}
	}
}

// '> ', '>>', ' > ' of mails and '| ' of some tools.
static std::string_view withoutQuotes(std::string_view line)
{
	for (;;) {
		const size_t mark = line.find_first_not_of(' ');
		const bool isQuote =
			mark != std::string_view::npos && mark < 3 && line[mark] == '>';
		if (!isQuote && !line.starts_with("| ") && !line.starts_with("|\t"))
			return line;
		line.remove_prefix(isQuote ? mark + 1 : 1);
		if (line.starts_with(' '))
			line.remove_prefix(1);
	}
}

static bool isBlank(char c)
{
	return blanks.find(c) != std::string_view::npos;
}

static size_t widthOf(std::string_view text)
{
	size_t width = 0;
	for (const char c : text)
		width = c == '\t' ? (width / tabWidth + 1) * tabWidth : width + 1;
	return width;
}

void Lines::clean(Line &line)
{
	const auto bare = withoutQuotes(drawn_);
	const size_t margin = std::min(bare.find_first_not_of(blanks), bare.size());
	line.indent = widthOf(bare.substr(0, margin));
	line.width = widthOf(bare);

	text_.clear();
	for (const char c : trimmed(bare))
		if (!isBlank(c))
			text_ += c;
		else if (text_.back() != ' ')
			text_ += ' ';
	line.text = text_;
	line.drawn = drawn_;
}

}
