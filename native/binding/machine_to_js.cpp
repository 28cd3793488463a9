// SPDX-License-Identifier: MIT
#include "binding/to_js.h"

#include "binding/values.h"
#include "device/engines.h"
#include "route/isolation.h"

#include <cinttypes>
#include <cstdio>
#include <sstream>

namespace binding
{

Napi::Value hexToJs(Napi::Env env, std::optional<uint64_t> number)
{
	if (!number)
		return env.Null();
	char text[20];
	snprintf(text, sizeof text, "0x%" PRIx64, *number);
	return Napi::String::New(env, text);
}

static Napi::Object barToJs(Napi::Env env, const pci::Bar &bar)
{
	const auto busAddress =
		bar.busAddress ? std::optional(pci::number(*bar.busAddress)) : std::nullopt;
	auto object = Napi::Object::New(env);
	object["index"] = bar.index;
	object["start"] = hexToJs(env, bar.start ? std::optional(bar.start) : std::nullopt);
	object["busAddress"] = hexToJs(env, busAddress);
	object["size"] = static_cast<double>(bar.size);
	object["kind"] = bar.isMemory ? "memory" : "io";
	object["is64"] = bar.is64;
	object["isPrefetchable"] = bar.isPrefetchable;
	object["largest"] = valueOrNull(env, bar.largest);
	return object;
}

static Napi::Object linkToJs(Napi::Env env, const pci::Link &link)
{
	auto object = Napi::Object::New(env);
	object["speedGTs"] = link.width ? Napi::Number::New(env, link.speedGTs) : env.Null();
	object["width"] = link.width ? Napi::Number::New(env, link.width) : env.Null();
	return object;
}

static Napi::Value devicePrivateToJs(Napi::Env env, const std::optional<pci::DevicePrivate> &memory)
{
	if (!memory)
		return env.Null();
	auto object = Napi::Object::New(env);
	object["size"] = valueOrNull(env, memory->bytes);
	return object;
}

static Napi::Value p2pmemToJs(Napi::Env env, const std::optional<pci::P2pmem> &memory)
{
	if (!memory)
		return env.Null();
	auto object = Napi::Object::New(env);
	object["size"] = static_cast<double>(memory->size);
	object["available"] = static_cast<double>(memory->available);
	object["isPublished"] = memory->isPublished;
	return object;
}

static const char *roleText(pci::Role role)
{
	switch (role) {
	case pci::Role::endpoint:
		break;
	case pci::Role::rootPort:
		return "root-port";
	case pci::Role::upstreamPort:
		return "upstream-port";
	case pci::Role::downstreamPort:
		return "downstream-port";
	case pci::Role::bridge:
		return "bridge";
	case pci::Role::rcIntegrated:
		return "rc-integrated";
	case pci::Role::hostBridge:
		return "host-bridge";
	}
	return "endpoint";
}

static void setIdentity(Napi::Env env, Napi::Object &object, const pci::Function &function)
{
	object["bdf"] = function.bdf.name();
	object["path"] = function.path;
	object["rootBus"] = function.rootBus;
	object["parent"] = valueOrNull(env, function.parent);
	object["physfn"] = valueOrNull(env, function.physfn);
	object["slot"] = valueOrNull(env, function.slot);
	object["role"] = roleText(function.role);
	object["vendor"] = static_cast<double>(function.vendor);
	object["device"] = static_cast<double>(function.device);
	object["subVendor"] = static_cast<double>(function.subVendor);
	object["subDevice"] = static_cast<double>(function.subDevice);
	object["engine"] = textOrNull(env, device::engineFor(function));
	object["classCode"] = static_cast<double>(function.classCode);
	object["revision"] = static_cast<double>(function.revision);
	object["names"] = list(env, function.names);
}

static void setState(Napi::Env env, Napi::Object &object, const pci::Function &function)
{
	object["driver"] = textOrNull(env, function.driver);
	object["driverOverride"] = textOrNull(env, function.driverOverride);
	object["iommuGroup"] = valueOrNull(env, function.iommuGroup);
	object["numaNode"] = valueOrNull(env, function.numaNode);
	object["dmaBits"] = valueOrNull(env, function.dmaBits);
	object["powerState"] = textOrNull(env, function.powerState);
	object["isEnabled"] = function.isEnabled;
	object["configSize"] = static_cast<double>(function.config.size());
	object["link"] = linkToJs(env, function.link);
	object["maxLink"] = linkToJs(env, function.maxLink);
}

static void setAcs(Napi::Env env, Napi::Object &object, const pci::Function &function)
{
	const auto &acs = function.acs;
	const bool isKnown = acs.seen != pci::Seen::unknown;
	const auto hasAcs = isKnown ? std::optional(acs.seen == pci::Seen::yes) : std::nullopt;
	object["hasAcs"] = flagOrNull(env, hasAcs);
	object["acs"] = isKnown ? list(env, pci::acsNames(acs.control)) : env.Null();
	object["isAcsShifted"] = route::hasShiftedAcs(function);
	object["acsCapability"] = isKnown ? list(env, pci::acsNames(acs.capability)) : env.Null();
}

Napi::Object functionToJs(Napi::Env env, const pci::Function &function)
{
	auto object = Napi::Object::New(env);
	setIdentity(env, object, function);
	setState(env, object, function);
	setAcs(env, object, function);
	object["hasResources"] = function.hasResources;
	object["bars"] = list(env, function.bars, barToJs);
	object["p2pmem"] = p2pmemToJs(env, function.p2pmem);
	object["vram"] = valueOrNull(env, function.vram);
	object["visibleVram"] = valueOrNull(env, function.visibleVram);
	object["devicePrivate"] = devicePrivateToJs(env, function.devicePrivate);
	object["cmbSize"] = valueOrNull(env, function.cmbSize);
	return object;
}

// Those that bear on the route of a request; the others are nobody's business.
static std::vector<std::string> bootParameters(const std::string &commandLine)
{
	std::vector<std::string> parameters;
	std::istringstream words(commandLine);
	for (std::string word; words >> word;) {
		std::erase(word, '"');
		if (word.starts_with("pci=") || word.starts_with("pcie_acs_override"))
			parameters.push_back(word);
	}
	return parameters;
}

static Napi::Value readingToJs(Napi::Env env, const std::optional<pci::Reading> &reading)
{
	if (!reading)
		return env.Null();
	auto object = Napi::Object::New(env);
	object["lines"] = static_cast<double>(reading->lines);
	object["unread"] = static_cast<double>(reading->unread);
	object["twice"] = static_cast<double>(reading->twice);
	return object;
}

static Napi::Value supplyToJs(Napi::Env env, const std::optional<pci::Supply> &supply)
{
	if (!supply)
		return env.Null();
	auto object = Napi::Object::New(env);
	object["path"] = supply->path;
	object["refusal"] = textOrNull(env, supply->refusal);
	object["detail"] = textOrNull(env, supply->detail);
	return object;
}

Napi::Object machineToJs(Napi::Env env, const pci::Machine &machine)
{
	auto object = Napi::Object::New(env);
	object["source"] = machine.source;
	object["kernel"] = textOrNull(env, machine.kernel);
	object["cpu"] = textOrNull(env, machine.cpuName);
	object["guest"] = valueOrNull(env, machine.guest);
	object["iommu"] = flagOrNull(env, machine.hasIommu);
	object["assumed"] = list(env, machine.assumed);
	object["reading"] = readingToJs(env, machine.reading);
	object["supply"] = supplyToJs(env, machine.supply);
	object["bootParameters"] = list(env, bootParameters(machine.commandLine));
	return object;
}

Napi::Object scanToJs(Napi::Env env, const pci::Machine &machine)
{
	auto functions = Napi::Array::New(env, machine.functions.size());
	for (uint32_t i = 0; i < machine.functions.size(); i++)
		functions[i] = functionToJs(env, machine.functions[i]);

	auto object = Napi::Object::New(env);
	object["machine"] = machineToJs(env, machine);
	object["functions"] = functions;
	return object;
}

Napi::Object useToJs(Napi::Env env, const pci::Use &use)
{
	auto object = Napi::Object::New(env);
	object["code"] = use.code;
	for (const auto &[name, fact] : use.facts)
		object[name] = fact;
	return object;
}

}
