// SPDX-License-Identifier: MIT
// Reads one function's folder in sysfs.
#pragma once

#include "pci/machine.h"

#include <string>

namespace pci
{

// Everything but its role and names, which depend on other functions and folders. nullopt where
// the function went away meanwhile. root: '' for the running machine.
std::optional<Function> readFunction(const std::string &root, const Bdf &bdf, Depth depth);

// Fills in links from configuration space where sysfs did not tell them.
void completeLinks(Function &function);

// PCI_EXP_TYPE_*; nullopt for a conventional function, and where it was not read.
std::optional<int> expressType(const Function &function);

// 'D1' to 'D3cold' where the function sleeps, by its own register or by what the kernel knows; ''
// where it is awake or nobody read it. What sleeps answers reads with all ones.
std::string sleepOf(const Function &function);
// The function itself or the next bridge above it that sleeps; nullptr where all are awake.
const Function *sleeperOf(const Machine &machine, const Function &function);

// From the parent's role first: what a port is depends on where it stands.
Role roleOf(const Function &function, const Function *parent);
// By its class: a display controller or processing accelerator, whose memory may be larger than
// what a BAR shows of it.
bool hasMemoryOfItsOwn(const Function &function);
// By its role: not a bridge, port or host bridge.
bool isEndpoint(const Function &function);

}
