// SPDX-License-Identifier: MIT
#include "binding/bind_to_js.h"

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

bind::Order bindOrder(const Napi::Object &object)
{
	const auto names = object.Get("functions").As<Napi::Array>();
	bind::Order order{.root = text(object.Get("root")),
			  .functions = {},
			  .driver = text(object.Get("driver")),
			  .restore = isSet(object.Get("restore")),
			  .dryRun = isSet(object.Get("dryRun"))};

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

Napi::Object bindToJs(Napi::Env env, const bind::Report &report)
{
	auto object = Napi::Object::New(env);
	object["functions"] = list(env, report.functions, boundToJs);
	object["commands"] = list(env, report.commands);
	return object;
}

}
