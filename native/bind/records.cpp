// SPDX-License-Identifier: MIT
#include "bind/records.h"

#include "sys/error.h"
#include "sys/file.h"
#include "sys/process.h"

#include <sstream>

namespace bind
{

Records::Records(const std::string &root, const std::string &program)
    : folder_(sys::PrivateFolder::openToWork(root + "/run", program))
{
}

std::optional<Records> Records::peek(const std::string &root, const std::string &program)
{
	if (!sys::isRoot() || !sys::exists(root + "/run/p2putils/" + program))
		return std::nullopt;
	try {
		return Records(sys::PrivateFolder::open(root + "/run", {"p2putils", program}));
	} catch (const sys::Error &) {
		return std::nullopt;
	}
}

std::string identityOf(const pci::Function &function)
{
	return std::to_string(function.vendor) + ":" + std::to_string(function.device) + ":" +
	       std::to_string(function.subVendor) + ":" + std::to_string(function.subDevice);
}

std::map<std::string, std::string> parseValues(const std::string &text, const std::string &prefix)
{
	std::map<std::string, std::string> values;
	const size_t start = prefix.size();
	std::istringstream lines(text);
	for (std::string line; std::getline(lines, line);) {
		const size_t equals = line.find('=');
		if (line.starts_with(prefix) && equals != std::string::npos)
			values[line.substr(start, equals - start)] = line.substr(equals + 1);
	}
	return values;
}

std::optional<Records::Values> Records::find(const pci::Function &function) const
{
	const auto text = folder_.read(function.bdf.name());
	if (!text)
		return std::nullopt;
	auto values = parseValues(*text);
	if (values["identity"] != identityOf(function))
		return std::nullopt;
	return values;
}

void Records::keep(const pci::Function &function, const Values &values) const
{
	std::string text = "identity=" + identityOf(function) + "\n";
	for (const auto &[name, value] : values)
		text += name + "=" + value + "\n";
	folder_.write(function.bdf.name(), text);
}

void Records::drop(const pci::Function &function) const
{
	folder_.remove(function.bdf.name());
}

}
