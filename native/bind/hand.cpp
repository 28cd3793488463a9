// SPDX-License-Identifier: MIT
#include "bind/hand.h"

#include "sys/error.h"
#include "sys/file.h"
#include "sys/process.h"

#include <algorithm>

namespace bind
{

using sys::Error;

static std::string fact(const Error &error, const char *name)
{
	const auto found = error.facts.find(name);
	return found == error.facts.end() ? "" : found->second;
}

void Hand::write(const pci::Bdf &bdf, const std::string &driver, const std::string &path,
		 const std::string &text)
{
	const std::string command = (text.empty() ? "echo" : "echo " + text) + " > " + path;
	try {
		if (!isDry_)
			sys::writeText(root_ + path, text + "\n");
	} catch (const Error &error) {
		throw Error("P2P_BIND_FAILED", command + ": " + error.what(),
			    {{"bdf", bdf.name()},
			     {"driver", driver},
			     {"reason", fact(error, "reason")},
			     {"errno", error.code},
			     {"command", command}});
	}
	commands_.push_back(command);
}

// The kernel answers success to some writes that changed nothing.
void Hand::verify(const pci::Bdf &bdf, const State &to) const
{
	const State now = readState(root_, bdf);
	if (isDry_ || now.driver == to.driver)
		return;
	throw Error("P2P_BIND_FAILED", bdf.name() + " did not go to " + to.driver,
		    {{"bdf", bdf.name()}, {"driver", to.driver}, {"reason", ""}});
}

void Hand::bring(const pci::Bdf &bdf, const State &to, std::vector<sys::Fd> claims)
{
	bring(bdf, readState(root_, bdf), to, std::move(claims));
}

void Hand::bring(const pci::Bdf &bdf, const State &from, const State &to,
		 std::vector<sys::Fd> claims)
{
	const std::string device = deviceFolder(bdf);

	// The override comes first: between two drivers the function must not fall to a third.
	if (from.driverOverride != to.driverOverride)
		write(bdf, to.driver, device + "/driver_override", to.driverOverride);
	if (from.driver == to.driver)
		return;
	if (!from.driver.empty())
		write(bdf, to.driver, device + "/driver/unbind", bdf.name());
	// A claimed disk keeps its number; the next driver would get another.
	claims.clear();
	// Unlike drivers_probe, this names the driver and says why it refuses.
	if (!to.driver.empty())
		write(bdf, to.driver, driverFolder(to.driver) + "/bind", bdf.name());
	verify(bdf, to);
}

static bool isDriverName(const std::string &name)
{
	return !name.empty() && name.front() != '-' && std::ranges::all_of(name, [](char c) {
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		       c == '-' || c == '_' || c == '+';
	});
}

void Hand::load(const std::string &driver)
{
	if (driver.empty())
		return;
	const Error missing("P2P_NO_DRIVER", "no driver " + driver, {{"driver", driver}});
	if (!isDriverName(driver))
		throw missing;
	if (sys::exists(root_ + driverFolder(driver)))
		return;

	// Another machine's modules cannot be asked for.
	if (!root_.empty())
		throw missing;
	if (!sys::loadModule(driver, isDry_) || (!isDry_ && !sys::exists(driverFolder(driver))))
		throw missing;
	commands_.push_back("modprobe " + driver);
}

}
