// SPDX-License-Identifier: MIT
#include "acs/book.h"

#include <charconv>

namespace acs
{

std::optional<Book> Book::peek(const std::string &root)
{
	auto records = bind::Records::peek(root, "acs");
	if (!records)
		return std::nullopt;
	return Book(std::move(*records));
}

std::optional<uint16_t> Book::find(const pci::Function &port) const
{
	auto values = records_.find(port);
	if (!values)
		return std::nullopt;
	const std::string &text = (*values)["control"];
	uint16_t control = 0;
	const auto end = text.data() + text.size();
	const auto [at, error] = std::from_chars(text.data(), end, control);
	if (error != std::errc() || at != end)
		return std::nullopt;
	return control;
}

void Book::keep(const pci::Function &port, uint16_t control) const
{
	records_.keep(port, {{"control", std::to_string(control)}});
}

}
