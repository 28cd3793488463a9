// SPDX-License-Identifier: MIT
// The one kind of exception the core throws: a code for scripts, facts for the message, a
// sentence for developers. The binding copies all three to the JavaScript error; the sentence for
// people is made in lib/describe.ts.
#pragma once

#include <map>
#include <stdexcept>
#include <string>

namespace sys
{

class Error : public std::runtime_error
{
public:
	using Facts = std::map<std::string, std::string>;

	// code: 'ENOENT' and the like for a failed system call, 'P2P_…', 'NVME_…', 'VFIO_…' else.
	Error(std::string errorCode, const std::string &message, Facts errorFacts = {});

	// A failed system call: which call, on what, and errno. Looks like Node's own:
	// facts syscall, path, errno.
	static Error fromErrno(const std::string &syscall, const std::string &path);

	std::string code;
	Facts facts;
};

// Turns the C convention (-1 and errno) into ours (a value or an Error).
template <class T> T check(T result, const char *syscall, const std::string &path)
{
	if (result < 0)
		throw Error::fromErrno(syscall, path);
	return result;
}

}
