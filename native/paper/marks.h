// SPDX-License-Identifier: MIT
// What a line is that is none of lspci's, or only the rest of one.
#pragma once

#include <string_view>

namespace paper
{

// What a person or a script puts around lspci's output, and what lspci complains of: not read, but
// nothing is lost with it.
bool isCommand(std::string_view text);
bool isComplaint(std::string_view text);

// '[...]', '…', '<snip>', '--8<--': somebody left lines out.
bool isSnip(std::string_view text);

// 'UESta: DLP- …', 'VC0: Caps: …': an item that nobody reads.
bool startsOther(std::string_view text);

// What a mail moved to the margin because the line was too long, by what it says.
bool goesOn(std::string_view item, std::string_view text);

// The same by its length: the first word would not have fitted into the line before.
bool isWrapped(size_t widthBefore, std::string_view text);

}
