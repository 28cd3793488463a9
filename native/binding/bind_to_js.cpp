// SPDX-License-Identifier: MIT
#include "binding/bind_to_js.h"

#include "binding/to_js.h"
#include "binding/values.h"

namespace binding
{

static std::string text(const Napi::Value &value)
{
	return value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
}

static bool isSet(const Napi::Value &value)
{
	return value.IsBoolean() && value.As<Napi::Boolean>();
}

static bind::Persist persistOf(const std::string &word)
{
	return word == "install" ? bind::Persist::install
	       : word == "tell"  ? bind::Persist::tell
				 : bind::Persist::no;
}

bind::Order bindOrder(const Napi::Object &object)
{
	const auto names = object.Get("functions").As<Napi::Array>();
	bind::Order order{.root = text(object.Get("root")),
			  .functions = {},
			  .driver = text(object.Get("driver")),
			  .group = isSet(object.Get("group")),
			  .restore = isSet(object.Get("restore")),
			  .dryRun = isSet(object.Get("dryRun")),
			  .persist = persistOf(text(object.Get("persist")))};

	for (uint32_t i = 0; i < names.Length(); i++)
		order.functions.push_back(text(names.Get(i)));
	return order;
}

static Napi::Object companionToJs(Napi::Env env, const bind::Companion &companion)
{
	auto object = Napi::Object::New(env);
	object["bdf"] = companion.bdf.name();
	object["driver"] = textOrNull(env, companion.driver);
	object["hinders"] = Napi::Boolean::New(env, companion.hinders);
	object["mayCome"] = Napi::Boolean::New(env, companion.mayCome);
	return object;
}

static Napi::Object boundToJs(Napi::Env env, const bind::Bound &bound)
{
	auto object = Napi::Object::New(env);
	object["bdf"] = bound.bdf.name();
	object["before"] = textOrNull(env, bound.before);
	object["after"] = textOrNull(env, bound.after);
	object["iommuGroup"] = valueOrNull(env, bound.iommuGroup);
	object["isViable"] = flagOrNull(env, bound.isViable);
	object["companions"] = list(env, bound.companions, companionToJs);
	return object;
}

static Napi::Object ruleToJs(Napi::Env env, const bind::Rule &rule)
{
	auto object = Napi::Object::New(env);
	object["bdf"] = rule.bdf.name();
	object["path"] = rule.path;
	object["text"] = rule.text;
	object["isInstalled"] = Napi::Boolean::New(env, rule.isInstalled);
	return object;
}

Napi::Object bindToJs(Napi::Env env, const bind::Report &report)
{
	auto object = Napi::Object::New(env);
	object["functions"] = list(env, report.functions, boundToJs);
	object["rules"] = list(env, report.rules, ruleToJs);
	object["keeping"] = list(env, report.keeping);
	object["commands"] = list(env, report.commands);
	return object;
}

static Napi::Object stateToJs(Napi::Env env, const bind::State &state)
{
	auto object = Napi::Object::New(env);
	object["driver"] = textOrNull(env, state.driver);
	object["driverOverride"] = textOrNull(env, state.driverOverride);
	return object;
}

static Napi::Object shownToJs(Napi::Env env, const bind::Shown &shown)
{
	auto object = stateToJs(env, shown.now);
	object["bdf"] = shown.bdf.name();
	object["classCode"] = Napi::Number::New(env, shown.classCode);
	object["names"] = list(env, shown.names);
	object["before"] = shown.before ? Napi::Value(stateToJs(env, *shown.before)) : env.Null();
	object["rule"] = textOrNull(env, shown.rule);
	object["iommuGroup"] = valueOrNull(env, shown.iommuGroup);
	object["isViable"] = flagOrNull(env, shown.isViable);
	object["companions"] = list(env, shown.companions, companionToJs);
	object["uses"] = list(env, shown.uses, useToJs);
	return object;
}

Napi::Object viewToJs(Napi::Env env, const bind::View &view)
{
	auto object = Napi::Object::New(env);
	object["functions"] = list(env, view.functions, shownToJs);
	object["seesProcesses"] = Napi::Boolean::New(env, view.seesProcesses);
	object["seesRecords"] = Napi::Boolean::New(env, view.seesRecords);
	return object;
}

}
