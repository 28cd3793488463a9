// SPDX-License-Identifier: MIT
// A function's configuration space as far as it could be read, and a walk of its capability lists
// that survives broken ones. What was not read is unknown, never absent: it may end early (64
// bytes without privilege), and from paper it may have holes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pci
{

enum class Seen { no, yes, unknown };

struct Capability {
	Seen seen = Seen::unknown;
	uint16_t id = 0;
	uint16_t offset = 0; // meaningful only where seen == yes
};

class Config
{
public:
	// bytes: what sysfs gave, 0 to 4096 of them (64 without CAP_SYS_ADMIN).
	// space: where the function's space ends (256 or 4096); nullopt where that is not known.
	Config() = default;
	explicit Config(std::string bytes, std::optional<size_t> space = std::nullopt);

	// Hexadecimal, two characters a byte, '..' for one that was not read; nullopt for other
	// text.
	static std::optional<Config> parse(const std::string &hex,
					   std::optional<size_t> space = std::nullopt);
	std::string hex() const;

	size_t size() const { return bytes_.size(); }
	std::optional<size_t> space() const { return space_; }
	// Little-endian registers; nullopt beyond what was read.
	std::optional<uint8_t> u8(size_t offset) const;
	std::optional<uint16_t> u16(size_t offset) const;
	std::optional<uint32_t> u32(size_t offset) const;

	// What paper says of registers; the space grows as far as it must, holes in between.
	void setU8(size_t offset, uint8_t value);
	void setU16(size_t offset, uint16_t value);
	void setU32(size_t offset, uint32_t value);
	// Room for a space of so many bytes: holes behind what was read.
	void growTo(size_t size);
	// What stands behind the end of what was read, from another reading of the same space.
	void extend(const Config &longer);
	// Makes a hole of what must not be told.
	void forget(size_t offset, size_t length);
	void setSpace(std::optional<size_t> space) { space_ = space; }

	// Not all of the space could be read.
	bool isCut() const { return space_ && bytes_.size() < *space_; }
	// All 0xff: the function does not answer (gone, or in D3cold).
	bool isGone() const;

	// First capability of that id (PCI_CAP_ID_*, PCI_EXT_CAP_ID_* of linux/pci_regs.h).
	Capability capability(uint8_t id) const;
	Capability extended(uint16_t id) const;
	// The whole walks, in list order, for listing and tests.
	std::vector<Capability> capabilities() const;
	std::vector<Capability> extendedCapabilities() const;

private:
	// Nothing is there: no register to be read, by anybody.
	bool endsBefore(size_t offset) const { return space_ && offset >= *space_; }
	// Both append to found and tell whether the list was followed to its end.
	bool walk(std::vector<Capability> &found) const;
	bool walkExtended(std::vector<Capability> &found) const;

	std::string bytes_;
	std::vector<bool> holes_; // empty where there are none
	std::optional<size_t> space_;
};

}
