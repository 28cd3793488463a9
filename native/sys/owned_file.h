// SPDX-License-Identifier: MIT
// A file that is one user's word: nobody else can have written it, or put another in its place. An
// access list that lets others write shows in the group's bits of the mode, as its mask (acl(5)).
#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sys
{

// The text of the file at the end of steps, from the folder base on. No link is followed.
// Error P2P_NOT_OWNED (facts: path, reason) where base, a folder on the way or the file belongs to
// another user ('owner'), can be written by others ('writable'), is a link ('link') or of another
// kind ('kind'), or where the file has more bytes than limit ('size'); and those of open(2).
std::string readOwned(const std::string &base, const std::vector<std::string> &steps, uid_t owner,
		      size_t limit);

}
