// SPDX-License-Identifier: MIT
#include "binding/target_to_js.h"

#include "binding/values.h"

namespace binding
{

static std::string text(const Napi::Object &object, const char *name)
{
	return object.Get(name).As<Napi::String>();
}

static std::vector<std::string> texts(const Napi::Object &object, const char *name)
{
	const auto array = object.Get(name).As<Napi::Array>();
	std::vector<std::string> found;
	for (uint32_t i = 0; i < array.Length(); i++)
		found.push_back(array.Get(i).ToString());
	return found;
}

target::Order targetOrder(const Napi::Object &object)
{
	return {.root = text(object, "root"),
		.nqn = text(object, "nqn"),
		.namespaces = texts(object, "namespaces"),
		.port = {.id = "",
			 .transport = text(object, "transport"),
			 .address = text(object, "address"),
			 .service = text(object, "service")},
		.via = text(object, "via"),
		.hosts = texts(object, "hosts"),
		.isForAll = object.Get("isForAll").ToBoolean(),
		.require = text(object, "require"),
		.dryRun = object.Get("dryRun").ToBoolean()};
}

static Napi::Object portToJs(Napi::Env env, const target::Port &port)
{
	auto object = Napi::Object::New(env);
	object["id"] = port.id;
	object["transport"] = port.transport;
	object["address"] = textOrNull(env, port.address);
	object["service"] = textOrNull(env, port.service);
	return object;
}

static Napi::Object namespaceToJs(Napi::Env env, const target::Shown &shown)
{
	auto object = Napi::Object::New(env);
	auto facts = Napi::Object::New(env);
	for (const auto &[name, fact] : shown.prospect.facts)
		facts[name] = fact;
	object["nsid"] = Napi::Number::New(env, std::stod(shown.nsid));
	object["device"] = shown.device;
	object["isEnabled"] = Napi::Boolean::New(env, shown.isEnabled);
	object["provider"] = textOrNull(env, shown.prospect.provider);
	object["isPeer"] = flagOrNull(env, shown.prospect.isPeer);
	object["reason"] = textOrNull(env, shown.prospect.reason);
	object["facts"] = facts;
	return object;
}

Napi::Object targetToJs(Napi::Env env, const target::Target &target)
{
	auto object = Napi::Object::New(env);
	object["nqn"] = target.nqn;
	object["isOurs"] = flagOrNull(env, target.isOurs);
	object["isForAll"] = Napi::Boolean::New(env, target.isForAll);
	object["hosts"] = list(env, target.hosts);
	object["ports"] = list(env, target.ports, portToJs);
	object["namespaces"] = list(env, target.namespaces, namespaceToJs);
	return object;
}

Napi::Object targetReportToJs(Napi::Env env, const target::Report &report)
{
	auto object = targetToJs(env, report.target);
	object["commands"] = list(env, report.commands);
	return object;
}

}
