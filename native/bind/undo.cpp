// SPDX-License-Identifier: MIT
#include "bind/undo.h"

#include "sys/clock.h"
#include "sys/error.h"

#include <map>
#include <sstream>

namespace bind
{

UndoBook::UndoBook(const std::string &root)
    : folder_(sys::PrivateFolder::open(root + "/run", {"p2putils", "bind"}))
{
	constexpr int attempts = 100;
	constexpr uint64_t tenthOfSecond = 100'000'000;

	for (int i = 0; !folder_.tryLock(); i++) {
		if (i == attempts)
			throw sys::Error("P2P_BIND_BUSY", "another p2p-bind is at work",
					 {{"path", root + "/run/p2putils/bind"}});
		sys::pause(tenthOfSecond);
	}
}

// The place may hold another device after a hot plug: then the record is not about this one.
static std::string identity(const pci::Function &function)
{
	return std::to_string(function.vendor) + ":" + std::to_string(function.device) + ":" +
	       std::to_string(function.subVendor) + ":" + std::to_string(function.subDevice);
}

static std::map<std::string, std::string> parse(const std::string &text)
{
	std::map<std::string, std::string> values;
	std::istringstream lines(text);
	for (std::string line; std::getline(lines, line);)
		if (const size_t equals = line.find('='); equals != std::string::npos)
			values[line.substr(0, equals)] = line.substr(equals + 1);
	return values;
}

std::optional<State> UndoBook::find(const pci::Function &function) const
{
	const auto text = folder_.read(function.bdf.name());
	if (!text)
		return std::nullopt;
	auto values = parse(*text);
	if (values["identity"] != identity(function))
		return std::nullopt;
	return State{.driver = values["driver"], .driverOverride = values["driver_override"]};
}

void UndoBook::keep(const pci::Function &function, const State &state) const
{
	folder_.write(function.bdf.name(),
		      "identity=" + identity(function) + "\ndriver=" + state.driver +
			      "\ndriver_override=" + state.driverOverride + "\n");
}

void UndoBook::drop(const pci::Function &function) const
{
	folder_.remove(function.bdf.name());
}

}
