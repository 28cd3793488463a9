// SPDX-License-Identifier: MIT
// Memory of functions that the kernel has given pages of its own (ZONE_DEVICE, device-private):
// what HMM moves pages of programs into.
#pragma once

#include "pci/machine.h"

namespace pci
{

// From /proc/iomem: devm_request_free_mem_region() of kernel/resource.c takes addresses behind all
// that is decoded, in the function's name (amdgpu, xe) or, nouveau's, in the driver's. Who may not
// see addresses sees that there is some, where it cannot be a BAR. Device-coherent memory leaves no
// trace there.
void readDevicePrivate(Machine &machine);

}
