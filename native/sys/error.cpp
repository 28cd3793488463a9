// SPDX-License-Identifier: MIT
#include "sys/error.h"

#include <cerrno>
#include <cstring>

namespace sys
{

Error::Error(std::string errorCode, const std::string &message, Facts errorFacts)
    : std::runtime_error(message), code(std::move(errorCode)), facts(std::move(errorFacts))
{
}

Error Error::fromErrno(const std::string &syscall, const std::string &path)
{
	const int number = errno;
	const char *name = strerrorname_np(number);

	return Error(name ? name : "EUNKNOWN", syscall + " " + path + ": " + strerror(number),
		     {{"syscall", syscall}, {"path", path}, {"reason", strerror(number)}});
}

}
