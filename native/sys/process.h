// SPDX-License-Identifier: MIT
// This process and others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sys
{

// Is this the superuser? (geteuid)
bool isRoot();

// Bytes that this process may lock in memory (RLIMIT_MEMLOCK); nullopt: no limit, or CAP_IPC_LOCK
// lifts it.
std::optional<uint64_t> lockableBytes();
// Bytes that it has locked: of its own (VmLck) and for functions (VmPin).
uint64_t lockedBytes();

// Bytes of memory that programs may take without others' being pushed out (MemAvailable); nullopt
// where the kernel does not tell.
std::optional<uint64_t> availableBytes();

// Of this process, and whether another one of that number is there.
int processId();
bool isRunning(int processId);

// Runs a program, given by its path and arguments, with an empty environment and its output thrown
// away; its exit status, 127 where it could not be started, 128 + N where signal N ended it.
int run(const std::vector<std::string> &words);

// Loads a module of the kernel's (modprobe -q), or with isDry only looks whether there is one.
// False where there is none, or none may be loaded.
bool loadModule(const std::string &name, bool isDry = false);

}
