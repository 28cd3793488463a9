// SPDX-License-Identifier: MIT
#include "sys/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>

namespace sys
{

static std::string textOf(const sockaddr *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	if (address->sa_family == AF_INET) {
		const auto *v4 = reinterpret_cast<const sockaddr_in *>(address);
		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
	} else if (address->sa_family == AF_INET6) {
		const auto *v6 = reinterpret_cast<const sockaddr_in6 *>(address);
		if (!IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
			inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
	}
	return text;
}

std::vector<std::string> addressesOf(const std::string &interface)
{
	ifaddrs *first = nullptr;
	std::vector<std::string> addresses;
	if (getifaddrs(&first) < 0)
		return addresses;

	const std::unique_ptr<ifaddrs, void (*)(ifaddrs *)> all(first, freeifaddrs);
	for (const ifaddrs *it = first; it; it = it->ifa_next) {
		const auto text =
			it->ifa_addr && interface == it->ifa_name ? textOf(it->ifa_addr) : "";
		if (!text.empty())
			addresses.push_back(text);
	}
	return addresses;
}

}
