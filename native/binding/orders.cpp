// SPDX-License-Identifier: MIT
#include "binding/orders.h"

#include <map>

namespace binding
{

static uint64_t number(const Napi::Value &value)
{
	return static_cast<uint64_t>(value.As<Napi::Number>().DoubleValue());
}

static std::optional<uint64_t> numberIfAny(const Napi::Value &value)
{
	return value.IsNumber() ? std::optional(number(value)) : std::nullopt;
}

static bool isSet(const Napi::Object &object, const char *name)
{
	return object.Get(name).ToBoolean();
}

static transfer::Permission permission(const Napi::Object &allowed)
{
	return {.verdict = {.requireDirect = isSet(allowed, "requireDirect"),
			    .notSupported = isSet(allowed, "notSupported"),
			    .unknown = isSet(allowed, "unknown")},
		.registerBar = isSet(allowed, "registerBar"),
		.driverOwned = isSet(allowed, "driverOwned")};
}

static transfer::PlaceKind placeKind(const std::string &name)
{
	using transfer::PlaceKind;
	static const std::map<std::string, PlaceKind> kinds{
		{"ns", PlaceKind::nameSpace}, {"bar", PlaceKind::bar},
		{"cmb", PlaceKind::cmb},      {"pmr", PlaceKind::pmr},
		{"file", PlaceKind::file},    {"stream", PlaceKind::stream},
		{"block", PlaceKind::block},  {"p2pmem", PlaceKind::p2pmem},
		{"video", PlaceKind::video},  {"drm", PlaceKind::screen}};
	return kinds.at(name);
}

static transfer::Place place(const Napi::Object &place)
{
	return {.kind = placeKind(place.Get("kind").ToString()),
		.name = place.Get("name").ToString(),
		.index = static_cast<int>(number(place.Get("index"))),
		.offset = number(place.Get("offset"))};
}

static std::optional<transfer::Place> placeIfAny(const Napi::Value &value)
{
	return value.IsObject() ? std::optional(place(value.As<Napi::Object>())) : std::nullopt;
}

static transfer::Verify verify(const std::string &name)
{
	if (name == "none")
		return transfer::Verify::none;
	return name == "full" ? transfer::Verify::full : transfer::Verify::sample;
}

static std::optional<uint32_t> patternIfAny(const Napi::Value &value)
{
	return value.IsNumber() ? std::optional(value.As<Napi::Number>().Uint32Value())
				: std::nullopt;
}

static transfer::Pictures pictures(const Napi::Object &pictures)
{
	return {.format = {.fourcc = pictures.Get("format").ToString(),
			   .width = static_cast<uint32_t>(number(pictures.Get("width"))),
			   .height = static_cast<uint32_t>(number(pictures.Get("height")))},
		.count = number(pictures.Get("frames"))};
}

transfer::Order copyOrder(const Napi::Object &order)
{
	return {.from = place(order.Get("from").As<Napi::Object>()),
		.to = place(order.Get("to").As<Napi::Object>()),
		.via = placeIfAny(order.Get("via")),
		.engine = order.Get("engine").ToString(),
		.isStaged = isSet(order, "staged"),
		.width = static_cast<size_t>(number(order.Get("width"))),
		.length = numberIfAny(order.Get("length")),
		.verify = verify(order.Get("verify").ToString()),
		.pattern = patternIfAny(order.Get("pattern")),
		.permission = permission(order.Get("allowed").As<Napi::Object>()),
		.mechanism = order.Get("mechanism").ToString(),
		.overwriteSignature = isSet(order, "overwriteSignature"),
		.pictures = pictures(order.Get("pictures").As<Napi::Object>()),
		.queues = static_cast<unsigned>(number(order.Get("queues"))),
		.depth = static_cast<unsigned>(number(order.Get("depth"))),
		.timeoutNs = number(order.Get("timeoutNs"))};
}

static std::vector<size_t> sizeList(const Napi::Value &value)
{
	const auto array = value.As<Napi::Array>();
	std::vector<size_t> sizes;
	for (uint32_t i = 0; i < array.Length(); i++)
		sizes.push_back(number(array.Get(i)));
	return sizes;
}

transfer::BenchOrder benchOrder(const Napi::Object &order)
{
	return {.from = place(order.Get("from").As<Napi::Object>()),
		.to = place(order.Get("to").As<Napi::Object>()),
		.engine = order.Get("engine").ToString(),
		.length = number(order.Get("length")),
		.sizes = sizeList(order.Get("sizes")),
		.depths = sizeList(order.Get("depths")),
		.runs = static_cast<unsigned>(number(order.Get("runs"))),
		.durationNs = number(order.Get("durationNs")),
		.permission = permission(order.Get("allowed").As<Napi::Object>()),
		.overwriteSignature = isSet(order, "overwriteSignature")};
}

transfer::MapOrder mapOrder(const Napi::Object &order)
{
	return {.client = order.Get("client").ToString(),
		.provider = order.Get("provider").ToString(),
		.bar = static_cast<int>(number(order.Get("bar"))),
		.offset = number(order.Get("offset")),
		.length = numberIfAny(order.Get("length")),
		.hostMemory = number(order.Get("hostMemory")),
		.permission = permission(order.Get("allowed").As<Napi::Object>()),
		.mechanism = order.Get("mechanism").ToString()};
}

transfer::ShareOrder shareOrder(const Napi::Object &order)
{
	return {.provider = order.Get("provider").ToString(),
		.card = order.Get("card").ToString(),
		.bar = static_cast<int>(number(order.Get("bar"))),
		.offset = number(order.Get("offset")),
		.length = numberIfAny(order.Get("length"))};
}

transfer::DiskOrder diskOrder(const Napi::Object &order)
{
	return {.memory = place(order.Get("memory").As<Napi::Object>()),
		.length = numberIfAny(order.Get("length")),
		.isReadOnly = isSet(order, "readOnly"),
		.driver = order.Get("driver").ToString(),
		.permission = permission(order.Get("allowed").As<Napi::Object>())};
}

transfer::LoadOrder loadOrder(const Napi::Object &order)
{
	return {.memory = place(order.Get("memory").As<Napi::Object>()),
		.length = number(order.Get("length")),
		.isWritten = isSet(order, "isWritten"),
		.runs = static_cast<unsigned>(number(order.Get("runs"))),
		.durationNs = number(order.Get("durationNs")),
		.permission = permission(order.Get("allowed").As<Napi::Object>())};
}

transfer::CheckOrder checkOrder(const Napi::Object &order)
{
	return {.memory = place(order.Get("memory").As<Napi::Object>()),
		.length = number(order.Get("length")),
		.seed = order.Get("seed").As<Napi::Number>().Uint32Value(),
		.permission = permission(order.Get("allowed").As<Napi::Object>())};
}

}
