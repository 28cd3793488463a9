// SPDX-License-Identifier: MIT
#include "pci/config.h"

#include <algorithm>
#include <bitset>
#include <linux/pci_regs.h>

namespace pci
{

// No list can be longer: every entry takes a place of its own.
constexpr int maxCapabilities = 48;
constexpr int maxExtended = (PCI_CFG_SPACE_EXP_SIZE - PCI_CFG_SPACE_SIZE) / 8;

Config::Config(std::string bytes, std::optional<size_t> space)
    : bytes_(std::move(bytes)), space_(space)
{
}

std::optional<uint8_t> Config::u8(size_t offset) const
{
	if (offset >= bytes_.size() || (!holes_.empty() && holes_[offset]))
		return std::nullopt;
	return static_cast<uint8_t>(bytes_[offset]);
}

std::optional<uint16_t> Config::u16(size_t offset) const
{
	const auto low = u8(offset), high = u8(offset + 1);
	if (!low || !high)
		return std::nullopt;
	return static_cast<uint16_t>(*low | *high << 8);
}

std::optional<uint32_t> Config::u32(size_t offset) const
{
	const auto low = u16(offset), high = u16(offset + 2);
	if (!low || !high)
		return std::nullopt;
	return *low | static_cast<uint32_t>(*high) << 16;
}

void Config::growTo(size_t size)
{
	holes_.resize(bytes_.size(), false);
	bytes_.resize(size, '\0');
	holes_.resize(size, true);
}

void Config::setU8(size_t offset, uint8_t value)
{
	if (offset >= PCI_CFG_SPACE_EXP_SIZE)
		return;
	growTo(std::max(bytes_.size(), offset + 1));
	bytes_[offset] = static_cast<char>(value);
	holes_[offset] = false;
}

void Config::setU16(size_t offset, uint16_t value)
{
	setU8(offset, static_cast<uint8_t>(value));
	setU8(offset + 1, static_cast<uint8_t>(value >> 8));
}

void Config::setU32(size_t offset, uint32_t value)
{
	setU16(offset, static_cast<uint16_t>(value));
	setU16(offset + 2, static_cast<uint16_t>(value >> 16));
}

void Config::extend(const Config &longer)
{
	for (size_t offset = bytes_.size(); offset < longer.bytes_.size(); offset++)
		if (const auto byte = longer.u8(offset))
			setU8(offset, *byte);
}

void Config::forget(size_t offset, size_t length)
{
	holes_.resize(bytes_.size(), false);
	for (size_t i = offset; i < offset + length && i < bytes_.size(); i++) {
		bytes_[i] = '\0';
		holes_[i] = true;
	}
}

static std::optional<uint8_t> digit(char c)
{
	if (c >= '0' && c <= '9')
		return static_cast<uint8_t>(c - '0');
	if (c >= 'a' && c <= 'f')
		return static_cast<uint8_t>(c - 'a' + 10);
	return std::nullopt;
}

std::optional<Config> Config::parse(const std::string &hex, std::optional<size_t> space)
{
	if (hex.size() % 2 != 0 || hex.size() / 2 > PCI_CFG_SPACE_EXP_SIZE)
		return std::nullopt;
	Config config(std::string(hex.size() / 2, '\0'), space);
	for (size_t offset = 0; offset < config.bytes_.size(); offset++) {
		const char first = hex[2 * offset], second = hex[2 * offset + 1];
		const auto high = digit(first), low = digit(second);
		if (high && low)
			config.bytes_[offset] = static_cast<char>(*high << 4 | *low);
		else if (first == '.' && second == '.')
			config.forget(offset, 1);
		else
			return std::nullopt;
	}
	return config;
}

std::string Config::hex() const
{
	static const char digits[] = "0123456789abcdef";
	std::string text;
	for (size_t offset = 0; offset < bytes_.size(); offset++) {
		const auto byte = u8(offset);
		text += byte ? digits[*byte >> 4] : '.';
		text += byte ? digits[*byte & 0xf] : '.';
	}
	return text;
}

bool Config::isGone() const
{
	const auto isOnes = [](char c) { return c == '\xff'; };
	return !bytes_.empty() && std::ranges::all_of(bytes_, isOnes);
}

static uint8_t listStart(uint8_t headerType)
{
	return (headerType & 0x7f) == PCI_HEADER_TYPE_CARDBUS ? PCI_CB_CAPABILITY_LIST
							      : PCI_CAPABILITY_LIST;
}

bool Config::walk(std::vector<Capability> &found) const
{
	const auto status = u16(PCI_STATUS);
	const auto header = u8(PCI_HEADER_TYPE);
	if (!status || !header)
		return false;
	if (!(*status & PCI_STATUS_CAP_LIST))
		return true;

	auto next = u8(listStart(*header));
	std::bitset<PCI_CFG_SPACE_SIZE> visited;
	for (int step = 0; step < maxCapabilities; step++) {
		if (!next)
			return false;
		const auto offset = static_cast<uint16_t>(*next & 0xfc);
		if (offset < PCI_STD_HEADER_SIZEOF || visited[offset])
			return true;
		visited.set(offset);
		const auto id = u8(offset);
		if (!id)
			return false;
		if (*id == 0xff)
			return true;
		found.push_back({Seen::yes, *id, offset});
		next = u8(offset + PCI_CAP_LIST_NEXT);
	}
	return true;
}

bool Config::walkExtended(std::vector<Capability> &found) const
{
	size_t offset = PCI_CFG_SPACE_SIZE;
	std::bitset<PCI_CFG_SPACE_EXP_SIZE> visited;

	for (int step = 0; step < maxExtended; step++) {
		if (endsBefore(offset) || visited[offset])
			return true;
		visited.set(offset);
		const auto header = u32(offset);
		if (!header)
			return false;
		if (*header == 0 || *header == ~0U)
			return true;
		const auto id = static_cast<uint16_t>(PCI_EXT_CAP_ID(*header));
		if (id != 0)
			found.push_back({Seen::yes, id, static_cast<uint16_t>(offset)});
		offset = PCI_EXT_CAP_NEXT(*header);
		if (offset < PCI_CFG_SPACE_SIZE)
			return true;
	}
	return true;
}

static Capability pick(const std::vector<Capability> &found, uint16_t id, bool isWhole)
{
	const auto hit = std::ranges::find(found, id, &Capability::id);
	if (hit != found.end())
		return *hit;
	return {isWhole ? Seen::no : Seen::unknown, id, 0};
}

Capability Config::capability(uint8_t id) const
{
	std::vector<Capability> found;
	const bool isWhole = walk(found) && !isGone();
	return pick(found, id, isWhole);
}

Capability Config::extended(uint16_t id) const
{
	std::vector<Capability> found;
	const bool isWhole = walkExtended(found) && !isGone();
	return pick(found, id, isWhole);
}

std::vector<Capability> Config::capabilities() const
{
	std::vector<Capability> found;
	walk(found);
	return found;
}

std::vector<Capability> Config::extendedCapabilities() const
{
	std::vector<Capability> found;
	walkExtended(found);
	return found;
}

}
