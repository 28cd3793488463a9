// SPDX-License-Identifier: MIT
// A machine out of what lspci printed, in any of its forms (-vvv, -nn, -xxx, -xxxx, -t, -tv),
// several of them in one text, and in the midst of mails, Markdown and bug reports. What the text
// says of registers becomes configuration space with holes, so that the same core reads it.
#pragma once

#include "pci/machine.h"

#include <string_view>

namespace paper
{

// Never throws for what stands in the text; a text without a function gives a machine without one.
pci::Machine readLspci(std::string_view text);

}
