// SPDX-License-Identifier: MIT
// What ports had before p2p-acs changed them, in /run/p2putils/acs.
#pragma once

#include "bind/records.h"

#include <cstdint>
#include <optional>
#include <string>

namespace acs
{

class Book
{
public:
	explicit Book(const std::string &root) : records_(root, "acs") {}
	static std::optional<Book> peek(const std::string &root);

	// PCI_ACS_CTRL as it was; nullopt where nothing was kept.
	std::optional<uint16_t> find(const pci::Function &port) const;
	void keep(const pci::Function &port, uint16_t control) const;
	void drop(const pci::Function &port) const { records_.drop(port); }

private:
	explicit Book(bind::Records records) : records_(std::move(records)) {}

	bind::Records records_;
};

}
