// SPDX-License-Identifier: MIT
#include "bind/state.h"

#include "sys/file.h"

#include <algorithm>
#include <array>

namespace bind
{

std::string deviceFolder(const pci::Bdf &bdf)
{
	return "/sys/bus/pci/devices/" + bdf.name();
}

std::string driverFolder(const std::string &driver)
{
	return "/sys/bus/pci/drivers/" + driver;
}

State readState(const std::string &root, const pci::Bdf &bdf)
{
	const std::string folder = root + deviceFolder(bdf);
	State state{.driver = sys::baseName(sys::readLink(folder + "/driver").value_or("")),
		    .driverOverride = sys::readText(folder + "/driver_override").value_or("")};
	if (state.driverOverride == "(null)")
		state.driverOverride.clear();
	return state;
}

// Drivers that list no devices of their own and take what driver_override gives them.
static bool takesAnything(const std::string &driver)
{
	static const std::array names = {"pci-stub", "pci-pf-stub", "uio_pci_generic", "igb_uio"};
	return std::ranges::find(names, driver) != names.end() ||
	       driver.find("vfio") != std::string::npos;
}

State stateFor(const std::string &driver)
{
	// A name that no driver has keeps the function free when a module is loaded later.
	if (driver.empty())
		return {.driver = "", .driverOverride = "none"};
	// Any other driver is asked by its own table: an override would make it take a function
	// that it does not know.
	return {.driver = driver, .driverOverride = takesAnything(driver) ? driver : ""};
}

}
