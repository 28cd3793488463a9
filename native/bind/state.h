// SPDX-License-Identifier: MIT
// Who drives a function, as sysfs has it and as a person would write it.
#pragma once

#include "pci/bdf.h"

#include <string>

namespace bind
{

struct State {
	std::string driver;         // '' for none
	std::string driverOverride; // '' where unset

	bool operator==(const State &) const = default;
};

std::string deviceFolder(const pci::Bdf &bdf);       // /sys/bus/pci/devices/…
std::string driverFolder(const std::string &driver); // /sys/bus/pci/drivers/…

// What sysfs says now.
State readState(const std::string &root, const pci::Bdf &bdf);

// The state that a driver's name asks for; '' is no driver.
State stateFor(const std::string &driver);

}
