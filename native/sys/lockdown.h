// SPDX-License-Identifier: MIT
// What the kernel forbids even the superuser: writing configuration space and mapping BARs through
// sysfs (kernel_lockdown(7), LOCKDOWN_PCI_ACCESS). VFIO is not concerned.
#pragma once

#include "sys/error.h"

namespace sys
{

bool isLockedDown();

// Error P2P_LOCKDOWN {what, level, secureBoot}. what: 'config' or 'bar', whichever was refused.
Error lockedDown(const std::string &what);

}
