// SPDX-License-Identifier: MIT
#include "acs/hand.h"

#include "bind/state.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/lockdown.h"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <fcntl.h>
#include <linux/pci_regs.h>

namespace acs
{

using sys::Error;

static std::string names(uint16_t bits)
{
	std::string text;
	for (const auto &name : pci::acsNames(bits))
		text += (text.empty() ? "" : ",") + name;
	return text;
}

static Error failed(const pci::Function &port, const std::string &reason, uint16_t wanted,
		    uint16_t got)
{
	return Error("P2P_ACS_FAILED", port.bdf.name() + ": " + reason,
		     {{"bdf", port.bdf.name()},
		      {"reason", reason},
		      {"wanted", names(wanted)},
		      {"got", names(got)}});
}

void requireWritable()
{
	if (sys::isLockedDown())
		throw sys::lockedDown("config");
}

static uint16_t read(const sys::Fd &config, uint64_t offset)
{
	std::array<std::byte, 2> bytes;
	config.readAt(offset, bytes);
	return static_cast<uint16_t>(std::to_integer<unsigned>(bytes[0]) |
				     std::to_integer<unsigned>(bytes[1]) << 8);
}

static void write(const sys::Fd &config, uint64_t offset, uint16_t value)
{
	const std::array bytes = {static_cast<std::byte>(value),
				  static_cast<std::byte>(value >> 8)};
	config.writeAt(offset, bytes);
}

static uint64_t controlOf(const pci::Function &port)
{
	return uint64_t{port.acs.offset} + PCI_ACS_CTRL;
}

static sys::Fd open(const pci::Function &port)
{
	return sys::Fd::open(bind::deviceFolder(port.bdf) + "/config", O_RDWR);
}

// As setpci wants it: value and mask, of the bits that change.
static std::string setpci(const pci::Function &port, uint16_t before, uint16_t after)
{
	const unsigned mask = before ^ after;
	char text[40];
	snprintf(text, sizeof text, " ECAP_ACS+6.w=%x:%02x", after & mask, mask);
	return "setpci -s " + port.bdf.name() + text;
}

void Hand::store(const pci::Function &port, uint16_t now, uint16_t control)
{
	const auto config = open(port);
	try {
		acs::write(config, controlOf(port), control);
	} catch (const Error &error) {
		if (error.code == "EPERM")
			throw sys::lockedDown("config");
		throw failed(port, error.what(), control, now);
	}
	const uint16_t got = read(config, controlOf(port));
	if (got != control)
		throw failed(port, "kept", control, got);
	commands_.push_back(setpci(port, now, control));
}

void Hand::requireUnchanged(const pci::Function &port, uint16_t before) const
{
	if (isDry_)
		return;
	const uint16_t now = read(open(port), controlOf(port));
	if (now != before)
		throw failed(port, "changed", before, now);
}

void Hand::write(const pci::Function &port, uint16_t before, uint16_t after)
{
	if (isDry_)
		commands_.push_back(setpci(port, before, after));
	else
		store(port, before, after);
}

void Hand::putBack(const pci::Function &port, uint16_t control)
{
	const uint16_t now = read(open(port), controlOf(port));
	if (now != control)
		store(port, now, control);
}

}
