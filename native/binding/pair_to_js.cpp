// SPDX-License-Identifier: MIT
#include "binding/to_js.h"
#include "binding/values.h"

#include <algorithm>
#include <cmath>

namespace binding
{

using Finding = std::map<std::string, std::string>;

static Napi::Object findingToJs(Napi::Env env, const Finding &finding)
{
	auto object = Napi::Object::New(env);
	for (const auto &[name, fact] : finding)
		object[name] = fact;
	return object;
}

static Napi::Object culpritToJs(Napi::Env env, const route::Culprit &culprit)
{
	auto object = Napi::Object::New(env);
	object["bdf"] = culprit.bdf.name();
	object["bits"] = list(env, culprit.bits);
	return object;
}

static const char *mapTypeText(route::MapType type)
{
	switch (type) {
	case route::MapType::unknown:
		break;
	case route::MapType::notSupported:
		return "not-supported";
	case route::MapType::busAddr:
		return "bus-addr";
	case route::MapType::thruHostBridge:
		return "thru-host-bridge";
	}
	return "unknown";
}

static const char *turnText(route::Turn turn)
{
	switch (turn) {
	case route::Turn::unknown:
		break;
	case route::Turn::direct:
		return "direct";
	case route::Turn::redirected:
		return "redirected";
	case route::Turn::blocked:
		return "blocked";
	case route::Turn::throughRoot:
		return "through-root";
	}
	return "unknown";
}

static const char *wordText(route::Word word)
{
	switch (word) {
	case route::Word::unknown:
		break;
	case route::Word::no:
		return "no";
	case route::Word::throughRoot:
		return "through-root";
	case route::Word::direct:
		return "direct";
	}
	return "unknown";
}

static Napi::Object kernelToJs(Napi::Env env, const route::KernelView &view,
			       const pci::Bdf &provider)
{
	auto object = Napi::Object::New(env);
	object["mapType"] = mapTypeText(view.mapType);
	object["distance"] = valueOrNull(env, view.distance);
	object["redirects"] = list(env, view.redirects);
	object["hostBridge"] = textOrNull(env, view.hostBridge);
	object["log"] = list(env, route::kernelLog(view, provider));
	return object;
}

static Napi::Value bottleneckToJs(Napi::Env env, const route::Bottleneck &link)
{
	auto object = Napi::Object::New(env);
	object["bdf"] = link.bdf.name();
	object["speedGTs"] = link.link.speedGTs;
	object["width"] = link.link.width;
	object["payload"] = link.payload;
	object["bytesPerSecond"] = std::round(link.bytesPerSecond);
	return object;
}

static Napi::Object fabricToJs(Napi::Env env, const route::FabricView &view)
{
	auto object = Napi::Object::New(env);
	object["request"] = turnText(view.request);
	object["completion"] = turnText(view.completion);
	object["turnsAt"] = valueOrNull(env, view.turnsAt);
	object["culprits"] = list(env, view.culprits, culpritToJs);
	object["route"] = list(env, view.route);
	object["link"] = view.link ? bottleneckToJs(env, *view.link) : env.Null();
	object["conditions"] = list(env, view.conditions, findingToJs);
	return object;
}

static Napi::Object vfioToJs(Napi::Env env, const route::VfioView &view)
{
	auto object = Napi::Object::New(env);
	object["ready"] = flagOrNull(env, view.isReady);
	object["mechanism"] = textOrNull(env, view.mechanism);
	object["blockers"] = list(env, view.blockers, findingToJs);
	object["limits"] = list(env, view.limits, findingToJs);
	return object;
}

Napi::Object pairToJs(Napi::Env env, const route::Verdict &verdict)
{
	auto object = Napi::Object::New(env);
	object["client"] = verdict.client.name();
	object["provider"] = verdict.provider.name();
	object["verdict"] = wordText(verdict.word);
	object["kernel"] = kernelToJs(env, verdict.kernel, verdict.provider);
	object["fabric"] = fabricToJs(env, verdict.fabric);
	object["vfio"] = vfioToJs(env, verdict.vfio);
	object["missing"] = list(env, verdict.missing);
	return object;
}

static char letterOf(route::Word word)
{
	switch (word) {
	case route::Word::unknown:
		break;
	case route::Word::no:
		return 'n';
	case route::Word::throughRoot:
		return 'r';
	case route::Word::direct:
		return 'd';
	}
	return '?';
}

// words: one letter a pair, 'd' direct, 'r' through the root complex, 'n' no, '?' unknown.
Napi::Object matrixToJs(Napi::Env env, const route::Matrix &matrix)
{
	auto letters = Napi::Buffer<char>::New(env, matrix.words.size());
	std::ranges::transform(matrix.words, letters.Data(), letterOf);
	auto object = Napi::Object::New(env);
	object["words"] = letters;
	object["fates"] = list(env, matrix.fates, [](Napi::Env e, const auto &fate) {
		return list(e, fate, [](Napi::Env en, size_t place) { return value(en, place); });
	});
	return object;
}

static Napi::Array membersToJs(Napi::Env env, const route::Members &members)
{
	return list(env, members);
}

Napi::Object differenceToJs(Napi::Env env, const route::Difference &difference)
{
	auto object = Napi::Object::New(env);
	object["group"] = difference.group;
	object["kernel"] = list(env, difference.kernel);
	object["predicted"] = list(env, difference.predicted, membersToJs);
	return object;
}

Napi::Object groupsToJs(Napi::Env env, const pci::Machine &machine)
{
	const auto predicted = route::predictGroups(machine);
	auto functions = Napi::Array::New(env, predicted.size());
	for (uint32_t i = 0; i < predicted.size(); i++) {
		auto entry = Napi::Object::New(env);
		entry["bdf"] = machine.functions[i].bdf.name();
		entry["kernel"] = valueOrNull(env, machine.functions[i].iommuGroup);
		entry["predicted"] = valueOrNull(env, predicted[i]);
		functions[i] = entry;
	}
	auto object = Napi::Object::New(env);
	object["functions"] = functions;
	object["differences"] = list(env, route::groupDifferences(machine), differenceToJs);
	return object;
}

Napi::Object fixToJs(Napi::Env env, const pci::Machine &machine, const route::Fix &fix)
{
	auto object = Napi::Object::New(env);
	object["machine"] = machineToJs(env, machine);
	object["before"] = pairToJs(env, fix.before);
	object["after"] = pairToJs(env, fix.after);
	object["merged"] = fix.merged ? list(env, *fix.merged, membersToJs) : env.Null();
	object["obstacle"] = textOrNull(env, fix.obstacle);
	object["changes"] = list(env, fix.changes, [](Napi::Env e, const route::Change &change) {
		auto entry = Napi::Object::New(e);
		entry["bdf"] = change.bdf.name();
		entry["clear"] = list(e, pci::acsNames(change.clear));
		entry["mask"] = static_cast<double>(change.clear);
		return entry;
	});
	return object;
}

Napi::Object checkToJs(Napi::Env env, const pci::Machine &machine,
		       const std::vector<route::Verdict> &verdicts)
{
	auto object = Napi::Object::New(env);
	object["machine"] = machineToJs(env, machine);
	object["pairs"] = list(env, verdicts, pairToJs);
	return object;
}

}
