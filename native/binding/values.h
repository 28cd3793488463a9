// SPDX-License-Identifier: MIT
// The small ones: scalars, options and lists of the core as JavaScript values.
#pragma once

#include "pci/bdf.h"

#include <cstdint>
#include <napi.h>
#include <optional>
#include <string>
#include <vector>

namespace binding
{

inline Napi::Value value(Napi::Env env, const std::string &text)
{
	return Napi::String::New(env, text);
}

inline Napi::Value value(Napi::Env env, const pci::Bdf &bdf)
{
	return Napi::String::New(env, bdf.name());
}

inline Napi::Value value(Napi::Env env, int number)
{
	return Napi::Number::New(env, number);
}

inline Napi::Value value(Napi::Env env, uint64_t number)
{
	return Napi::Number::New(env, static_cast<double>(number));
}

inline Napi::Value flagOrNull(Napi::Env env, std::optional<bool> flag)
{
	return flag ? Napi::Boolean::New(env, *flag) : env.Null();
}

inline Napi::Value textOrNull(Napi::Env env, const std::string &text)
{
	return text.empty() ? env.Null() : value(env, text);
}

template <class T> Napi::Value valueOrNull(Napi::Env env, const std::optional<T> &maybe)
{
	return maybe ? value(env, *maybe) : env.Null();
}

template <class T, class ToJs>
Napi::Array list(Napi::Env env, const std::vector<T> &items, ToJs toJs)
{
	auto array = Napi::Array::New(env, items.size());
	for (uint32_t i = 0; i < items.size(); i++)
		array[i] = toJs(env, items[i]);
	return array;
}

template <class T> Napi::Array list(Napi::Env env, const std::vector<T> &items)
{
	return list(env, items, [](Napi::Env e, const T &item) { return value(e, item); });
}

}
