// SPDX-License-Identifier: MIT
#include "binding/acs_to_js.h"

#include "binding/to_js.h"
#include "binding/values.h"

namespace binding
{

static std::vector<std::string> names(const Napi::Value &value)
{
	std::vector<std::string> texts;
	if (!value.IsArray())
		return texts;
	const auto array = value.As<Napi::Array>();
	for (uint32_t i = 0; i < array.Length(); i++)
		texts.push_back(array.Get(i).ToString());
	return texts;
}

static uint16_t bits(const Napi::Value &value)
{
	uint16_t sum = 0;
	for (const auto &name : names(value))
		sum |= pci::acsBit(name);
	return sum;
}

static bool isSet(const Napi::Value &value)
{
	return value.IsBoolean() && value.As<Napi::Boolean>();
}

acs::Order acsOrder(const Napi::Object &object)
{
	const auto root = object.Get("root");
	return {.root = root.IsString() ? root.As<Napi::String>().Utf8Value() : "",
		.ports = names(object.Get("ports")),
		.route = names(object.Get("route")),
		.clear = bits(object.Get("clear")),
		.set = bits(object.Get("set")),
		.restore = isSet(object.Get("restore")),
		.rebind = names(object.Get("rebind")),
		.inUse = isSet(object.Get("inUse")),
		.dryRun = isSet(object.Get("dryRun"))};
}

static Napi::Object changedToJs(Napi::Env env, const acs::Changed &changed)
{
	auto object = Napi::Object::New(env);
	object["bdf"] = changed.bdf.name();
	object["before"] = list(env, pci::acsNames(changed.before));
	object["after"] = list(env, pci::acsNames(changed.after));
	object["capability"] = list(env, pci::acsNames(changed.capability));
	return object;
}

static Napi::Object drivenToJs(Napi::Env env, const acs::Driven &driven)
{
	auto object = Napi::Object::New(env);
	object["bdf"] = driven.bdf.name();
	object["driver"] = driven.driver;
	return object;
}

Napi::Object acsToJs(Napi::Env env, const acs::Report &report)
{
	auto object = Napi::Object::New(env);
	object["ports"] = list(env, report.ports, changedToJs);
	object["rebound"] = list(env, report.rebound, drivenToJs);
	object["stale"] = list(env, report.stale, drivenToJs);
	object["groups"] = list(env, report.groups, differenceToJs);
	object["isGuest"] = Napi::Boolean::New(env, report.isGuest);
	object["commands"] = list(env, report.commands);
	return object;
}

static Napi::Object keptToJs(Napi::Env env, const acs::Changed &changed)
{
	auto object = Napi::Object::New(env);
	object["bdf"] = changed.bdf.name();
	object["acs"] = list(env, pci::acsNames(changed.before));
	return object;
}

Napi::Array acsKeptToJs(Napi::Env env, const std::vector<acs::Changed> &ports)
{
	return list(env, ports, keptToJs);
}

}
