// SPDX-License-Identifier: MIT
// What JavaScript can call; lib/native.ts has the types.
#include "binding/async.h"
#include "binding/bind_to_js.h"
#include "binding/source.h"
#include "binding/to_js.h"
#include "binding/transfer_to_js.h"
#include "transfer/copy.h"
#include "transfer/map.h"

namespace binding
{

static std::string text(const Napi::CallbackInfo &info, size_t index)
{
	return info[index].As<Napi::String>();
}

// scan(source): Promise<Scan>
static Napi::Value scan(const Napi::CallbackInfo &info)
{
	const auto source = sourceOf(info[0]);

	return async(info.Env(), [=] { return source.read(); }, scanToJs);
}

// capture(source): Promise<Capture>
static Napi::Value capture(const Napi::CallbackInfo &info)
{
	const auto source = sourceOf(info[0]);

	return async(info.Env(), [=] { return source.read(); }, captureToJs);
}

struct Checked {
	pci::Machine machine;
	route::Verdict verdict;
};

// check(source, client, provider): Promise<Check>
static Napi::Value check(const Napi::CallbackInfo &info)
{
	const auto source = sourceOf(info[0]);
	const auto client = text(info, 1);
	const auto provider = text(info, 2);

	return async(
		info.Env(),
		[=] {
			auto machine = source.read();
			const auto &first = machine.find(client);
			auto verdict = route::verdict(machine, first, machine.find(provider));
			return Checked{std::move(machine), std::move(verdict)};
		},
		[](Napi::Env env, const Checked &checked) {
			return checkToJs(env, checked.machine, checked.verdict);
		});
}

// plan(order): Promise<CopyPlan>
static Napi::Value plan(const Napi::CallbackInfo &info)
{
	const auto order = copyOrder(info[0].As<Napi::Object>());

	return async(
		info.Env(), [=] { return transfer::plan(pci::Machine::scan(""), order); },
		planToJs);
}

struct Copied {
	transfer::Plan plan;
	transfer::Report report;
};

static Napi::Object copiedToJs(Napi::Env env, const Copied &copied)
{
	auto object = Napi::Object::New(env);

	object["plan"] = planToJs(env, copied.plan);
	object["result"] = reportToJs(env, copied.report);
	return object;
}

// copy(order, onProgress): Job<CopyReport>
static Napi::Value copy(const Napi::CallbackInfo &info)
{
	const auto order = copyOrder(info[0].As<Napi::Object>());

	return job<transfer::Progress>(
		info.Env(), info[1].As<Napi::Function>(),
		[=](std::stop_token stop, const auto &tell) {
			const auto machine = pci::Machine::scan("");
			auto plan = transfer::plan(machine, order);
			auto report = transfer::copy(machine, plan, stop, tell);
			return Copied{std::move(plan), std::move(report)};
		},
		copiedToJs, progressToJs);
}

// map(order, onReady): Job<null>
static Napi::Value map(const Napi::CallbackInfo &info)
{
	const auto order = mapOrder(info[0].As<Napi::Object>());

	return job<transfer::Mapping>(
		info.Env(), info[1].As<Napi::Function>(),
		[=](std::stop_token stop, const auto &tell) {
			transfer::map(pci::Machine::scan(""), order, stop, tell);
			return 0;
		},
		[](Napi::Env env, int) { return env.Null(); }, mappingToJs);
}

// bind(order): Promise<BindReport>
static Napi::Value bind(const Napi::CallbackInfo &info)
{
	const auto order = bindOrder(info[0].As<Napi::Object>());

	return async(info.Env(), [=] { return bind::run(order); }, bindToJs);
}

static Napi::Object exportAll(Napi::Env env, Napi::Object exports)
{
	exports["scan"] = Napi::Function::New(env, scan);
	exports["capture"] = Napi::Function::New(env, capture);
	exports["check"] = Napi::Function::New(env, check);
	exports["plan"] = Napi::Function::New(env, plan);
	exports["copy"] = Napi::Function::New(env, copy);
	exports["map"] = Napi::Function::New(env, map);
	exports["bind"] = Napi::Function::New(env, bind);
	return exports;
}

}

static Napi::Object initialise(Napi::Env env, Napi::Object exports)
{
	return binding::exportAll(env, exports);
}

NODE_API_MODULE(p2p, initialise)
