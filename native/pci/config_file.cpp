// SPDX-License-Identifier: MIT
#include "pci/config_file.h"

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <linux/pci_regs.h>

namespace pci
{

// A copied file has its own length and no more: 64 bytes are what an unprivileged reader got, and
// 256 of an Express function leave its extended space out. The running sysfs tells the truth.
static std::optional<size_t> endOfSpace(const std::string &root, const Config &config,
					uint64_t fileSize)
{
	if (root.empty() || config.size() < fileSize || fileSize == PCI_CFG_SPACE_EXP_SIZE)
		return fileSize;
	const bool isConventional = config.capability(PCI_CAP_ID_EXP).seen == Seen::no;
	if (fileSize == PCI_CFG_SPACE_SIZE && isConventional)
		return fileSize;
	return std::nullopt;
}

// What of an extended capability bears on peer-to-peer, in bytes from its start; 4 is its header.
static size_t neededOf(uint32_t header)
{
	constexpr size_t acs = 8 + 256 / 8, sriov = 64; // with the largest egress control vector
	switch (PCI_EXT_CAP_ID(header)) {
	case PCI_EXT_CAP_ID_ACS:
		return acs;
	case PCI_EXT_CAP_ID_SRIOV:
		return sriov;
	default:
		return 4;
	}
}

static void readInto(Config &config, const sys::Fd &file, size_t offset, size_t length)
{
	std::array<std::byte, 64> bytes;
	const auto part = std::span(bytes).first(std::min(length, PCI_CFG_SPACE_EXP_SIZE - offset));
	file.readAt(offset, part);
	for (size_t i = 0; i < part.size(); i++)
		config.setU8(offset + i, std::to_integer<uint8_t>(part[i]));
}

// Each register is a request to the function and back, and of 1,024 of them a dozen are wanted:
// the headers of the extended capabilities, and what neededOf() says.
static void readExtended(Config &config, const sys::Fd &file)
{
	constexpr int most = (PCI_CFG_SPACE_EXP_SIZE - PCI_CFG_SPACE_SIZE) / 8;
	size_t offset = PCI_CFG_SPACE_SIZE;
	for (int step = 0; step < most && offset >= PCI_CFG_SPACE_SIZE; step++) {
		readInto(config, file, offset, 4);
		const uint32_t header = config.u32(offset).value_or(0);
		if (header == 0 || header == ~0u)
			break;
		if (const size_t length = neededOf(header); length > 4)
			readInto(config, file, offset, length);
		offset = PCI_EXT_CAP_NEXT(header);
	}
	config.growTo(PCI_CFG_SPACE_EXP_SIZE);
}

// nullopt where there is nothing to be spared, or the function does not answer.
static std::optional<Config> readNeeded(const std::string &path)
{
	const auto head = sys::readBytes(path, PCI_CFG_SPACE_SIZE).value_or("");
	Config config(head, PCI_CFG_SPACE_EXP_SIZE);
	const bool isWhole = head.size() == PCI_CFG_SPACE_SIZE;
	if (!isWhole || config.isGone() || sys::fileSize(path) != PCI_CFG_SPACE_EXP_SIZE)
		return std::nullopt;
	try {
		readExtended(config, sys::Fd::open(path, O_RDONLY));
		return config;
	} catch (const sys::Error &) {
		return std::nullopt;
	}
}

Config readConfig(const std::string &root, const std::string &path, Depth depth)
{
	if (root.empty() && depth == Depth::needed)
		if (auto config = readNeeded(path))
			return std::move(*config);
	const auto bytes = sys::readBytes(path, PCI_CFG_SPACE_EXP_SIZE).value_or("");
	const auto size = sys::fileSize(path);
	// No space is larger, but a file may be.
	if (!size || *size > PCI_CFG_SPACE_EXP_SIZE)
		return Config(bytes);
	return Config(bytes, endOfSpace(root, Config(bytes), *size));
}

}
