// SPDX-License-Identifier: MIT
#include "binding/async.h"

namespace binding
{

Napi::Error toJs(Napi::Env env, const sys::Error &error)
{
	auto value = Napi::Error::New(env, error.what());
	auto facts = Napi::Object::New(env);

	for (const auto &[name, fact] : error.facts)
		facts[name] = fact;
	value.Set("code", error.code);
	value.Set("facts", facts);
	return value;
}

}
