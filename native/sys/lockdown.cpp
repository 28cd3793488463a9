// SPDX-License-Identifier: MIT
#include "sys/lockdown.h"

#include "sys/file.h"

namespace sys
{

// 'none [integrity] confidentiality': the word in brackets; '' where nobody says.
static std::string level()
{
	const auto text = readText("/sys/kernel/security/lockdown").value_or("");
	const size_t open = text.find('['), close = text.find(']');
	return open == std::string::npos || close < open ? ""
							 : text.substr(open + 1, close - open - 1);
}

// Four bytes of attributes, then the value (UEFI specification, 3.3).
static bool isSecureBoot()
{
	const auto variable = readBytes(
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", 5);
	return variable && variable->size() == 5 && (*variable)[4] == 1;
}

bool isLockedDown()
{
	const auto now = level();
	return !now.empty() && now != "none";
}

Error lockedDown(const std::string &what)
{
	return Error(
		"P2P_LOCKDOWN", "the kernel is locked down",
		{{"what", what}, {"level", level()}, {"secureBoot", isSecureBoot() ? "yes" : ""}});
}

}
