// SPDX-License-Identifier: MIT
// Where a machine comes from: the running one, a folder with sys/ and proc/ in it, a capture, or
// lspci's text; and what the user says of it in its place.
#pragma once

#include "pci/machine.h"

#include <memory>
#include <napi.h>
#include <optional>
#include <string>

namespace binding
{

struct Source {
	std::string root;
	pci::Depth depth = pci::Depth::needed;
	std::optional<std::string> text;
	std::string name;                            // of the text, for messages
	std::shared_ptr<const pci::Machine> machine; // where it has been read already
	std::string kernel, cpuVendor;               // '' where the user says nothing
	int cpuFamily = 0;

	// Reads it, on any thread.
	std::shared_ptr<const pci::Machine> read() const;
};

// {root, whole} | {text} | {capture} | {machine}, with {kernel, cpu: {vendor, family}} where the
// user said so.
Source sourceOf(const Napi::Value &value);

// {machine, isCut}: a source for further calls that need not be read again.
Napi::Object readSourceToJs(Napi::Env env, const std::shared_ptr<const pci::Machine> &machine);

// A machine of which not all could be read, and what there is to be had from another reader:
// {path, refusal, detail, capture}, as pci::Supply; capture null where it is refused.
std::shared_ptr<const pci::Machine> supplied(const pci::Machine &machine,
					     const Napi::Object &supply);

// lib/capture.ts has looked at it.
pci::Machine captureOf(const Napi::Object &capture);

// The whole machine as an object that sourceOf() takes back: docs/capture.md. Device serial
// numbers are left out.
Napi::Object captureToJs(Napi::Env env, const pci::Machine &machine);

}
