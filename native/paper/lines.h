// SPDX-License-Identifier: MIT
// The lines of a text that may have been through mails and web pages: without quotation marks,
// with single blanks, box characters made plain.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace paper
{

struct Line {
	std::string_view text;  // without quotation marks and margin, single blanks within
	std::string_view drawn; // as it stands, for pictures: they need their columns
	size_t indent = 0;      // columns of blanks in front of text
	size_t width = 0;       // columns of all, quotation marks left out
	bool isTooLong = false; // then nothing of it was looked at
};

class Lines
{
public:
	explicit Lines(std::string_view text);

	// The line is good until the next call; false at the end.
	bool next(Line &line);
	// The text ends in the midst of a line.
	bool endsShort() const { return endsShort_; }

private:
	void draw(std::string_view raw);
	void clean(Line &line);

	std::string_view rest_;
	bool endsShort_;
	std::string drawn_, text_;
};

}
