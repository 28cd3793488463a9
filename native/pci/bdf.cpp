// SPDX-License-Identifier: MIT
#include "pci/bdf.h"

#include <cctype>
#include <cstdio>

namespace pci
{

static bool isHex(std::string_view text)
{
	for (const char letter : text)
		if (!std::isxdigit(static_cast<unsigned char>(letter)))
			return false;
	return !text.empty();
}

static uint32_t hexValue(std::string_view digits)
{
	return static_cast<uint32_t>(std::stoul(std::string(digits), nullptr, 16));
}

std::string Bdf::name() const
{
	char text[20];
	const int length =
		snprintf(text, sizeof text, "%04x:%02x:%02x.%x", domain, bus, device, function);
	return std::string(text, static_cast<size_t>(length));
}

std::optional<Bdf> Bdf::parse(std::string_view text)
{
	constexpr size_t shortLength = 7; // bb:dd.f
	if (text.size() < shortLength)
		return std::nullopt;

	const std::string_view rest = text.substr(text.size() - shortLength);
	const std::string_view domain = text.substr(0, text.size() - shortLength);
	if (!isHex(rest.substr(0, 2)) || rest[2] != ':' || !isHex(rest.substr(3, 2)) ||
	    rest[5] != '.' || rest[6] < '0' || rest[6] > '7')
		return std::nullopt;
	const uint32_t device = hexValue(rest.substr(3, 2));
	if (device > 31)
		return std::nullopt;

	Bdf bdf{.bus = static_cast<uint8_t>(hexValue(rest.substr(0, 2))),
		.device = static_cast<uint8_t>(device),
		.function = static_cast<uint8_t>(rest[6] - '0')};
	if (domain.empty())
		return bdf;
	const std::string_view digits = domain.substr(0, domain.size() - 1);
	if (domain.back() != ':' || digits.size() < 4 || digits.size() > 8 || !isHex(digits))
		return std::nullopt;
	bdf.domain = hexValue(digits);
	return bdf;
}

}
