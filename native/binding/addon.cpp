// SPDX-License-Identifier: MIT
// What JavaScript can call; lib/native.ts has the types.
#include "binding/acs_to_js.h"
#include "binding/async.h"
#include "binding/bind_to_js.h"
#include "binding/orders.h"
#include "binding/source.h"
#include "binding/target_to_js.h"
#include "binding/to_js.h"
#include "binding/transfer_to_js.h"
#include "binding/values.h"
#include "sys/owned_file.h"
#include "transfer/capture.h"
#include "transfer/copy.h"
#include "transfer/loads.h"
#include "transfer/map.h"
#include "transfer/memory_check.h"
#include "transfer/serve.h"
#include "transfer/share.h"
#include "transfer/show.h"

#include <variant>

namespace binding
{

static std::string text(const Napi::CallbackInfo &info, size_t index)
{
	return info[index].As<Napi::String>();
}

static std::vector<std::string> nameList(const Napi::Value &value)
{
	const auto array = value.As<Napi::Array>();
	std::vector<std::string> names;
	for (uint32_t i = 0; i < array.Length(); i++)
		names.push_back(array.Get(i).ToString());
	return names;
}

static std::vector<std::pair<std::string, std::string>> namePairs(const Napi::Value &value)
{
	const auto array = value.As<Napi::Array>();
	std::vector<std::pair<std::string, std::string>> pairs;
	for (uint32_t i = 0; i < array.Length(); i++) {
		const auto names = nameList(array.Get(i));
		pairs.emplace_back(names.at(0), names.at(1));
	}
	return pairs;
}

// read(source): Promise<Source>
static Napi::Value read(const Napi::CallbackInfo &info)
{
	return async(
		info.Env(), [source = sourceOf(info[0])] { return source.read(); }, readSourceToJs);
}

// supply(source: Read, supply): Read
static Napi::Value supply(const Napi::CallbackInfo &info)
{
	const auto machine = sourceOf(info[0]).read();
	return readSourceToJs(info.Env(), supplied(*machine, info[1].As<Napi::Object>()));
}

// readOwned(base, steps, owner): Promise<string>
static Napi::Value readOwned(const Napi::CallbackInfo &info)
{
	constexpr size_t largest = 256 << 20;
	const auto base = text(info, 0);
	const auto steps = nameList(info[1]);
	const auto owner = info[2].As<Napi::Number>().Uint32Value();

	return async(
		info.Env(), [=] { return sys::readOwned(base, steps, owner, largest); },
		[](Napi::Env env, const std::string &found) {
			return Napi::String::New(env, found);
		});
}

// scan(source): Promise<Scan>
static Napi::Value scan(const Napi::CallbackInfo &info)
{
	return async(
		info.Env(), [source = sourceOf(info[0])] { return source.read(); },
		[](Napi::Env env, const auto &machine) { return scanToJs(env, *machine); });
}

// find(source, names): Promise<string[][]>
static Napi::Value find(const Napi::CallbackInfo &info)
{
	const auto names = nameList(info[1]);

	return async(
		info.Env(),
		[source = sourceOf(info[0]), names] {
			const auto machine = source.read();
			std::vector<std::vector<pci::Bdf>> found;
			for (const auto &name : names) {
				auto &bdfs = found.emplace_back();
				for (const auto *function : machine->findAll(name))
					bdfs.push_back(function->bdf);
			}
			return found;
		},
		[](Napi::Env env, const auto &found) {
			return list(env, found,
				    [](Napi::Env e, const auto &bdfs) { return list(e, bdfs); });
		});
}

// capture(source): Promise<Capture>
static Napi::Value capture(const Napi::CallbackInfo &info)
{
	return async(
		info.Env(), [source = sourceOf(info[0])] { return source.read(); },
		[](Napi::Env env, const auto &machine) { return captureToJs(env, *machine); });
}

struct Checked {
	std::shared_ptr<const pci::Machine> machine;
	std::vector<route::Verdict> verdicts;
};

// check(source, pairs: [client, provider][]): Promise<Check>
static Napi::Value check(const Napi::CallbackInfo &info)
{
	const auto pairs = namePairs(info[1]);

	return async(
		info.Env(),
		[source = sourceOf(info[0]), pairs] {
			Checked checked{source.read(), {}};
			const auto &machine = *checked.machine;
			for (const auto &[client, provider] : pairs) {
				// The first of the two that names nothing is the one to be told.
				const auto &first = machine.find(client);
				checked.verdicts.push_back(
					route::verdict(machine, first, machine.find(provider)));
			}
			return checked;
		},
		[](Napi::Env env, const Checked &checked) {
			return checkToJs(env, *checked.machine, checked.verdicts);
		});
}

// matrix(source, functions): Promise<Matrix>
static Napi::Value matrix(const Napi::CallbackInfo &info)
{
	const auto names = nameList(info[1]);

	return async(
		info.Env(),
		[source = sourceOf(info[0]), names] {
			const auto machine = source.read();
			route::Functions functions;
			for (const auto &name : names)
				functions.push_back(&machine->find(name));
			return route::matrix(*machine, functions);
		},
		matrixToJs);
}

struct Fixed {
	std::shared_ptr<const pci::Machine> machine;
	route::Fix fix;
};

// fix(source, client, provider): Promise<Fix>
static Napi::Value fix(const Napi::CallbackInfo &info)
{
	const auto client = text(info, 1);
	const auto provider = text(info, 2);

	return async(
		info.Env(),
		[source = sourceOf(info[0]), client, provider] {
			const auto machine = source.read();
			return Fixed{machine, route::fix(*machine, machine->find(client),
							 machine->find(provider))};
		},
		[](Napi::Env env, const Fixed &fixed) {
			return fixToJs(env, *fixed.machine, fixed.fix);
		});
}

// groups(source): Promise<Groups>
static Napi::Value groups(const Napi::CallbackInfo &info)
{
	return async(
		info.Env(), [source = sourceOf(info[0])] { return source.read(); },
		[](Napi::Env env, const auto &machine) { return groupsToJs(env, *machine); });
}

// plan(source, order): Promise<CopyPlan>
static Napi::Value plan(const Napi::CallbackInfo &info)
{
	const auto order = copyOrder(info[1].As<Napi::Object>());

	return async(
		info.Env(),
		[source = sourceOf(info[0]), order] {
			return transfer::plan(*source.read(), order);
		},
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

// What a copy tells on the way: first what it is going to do, then how far it is.
using Told = std::variant<transfer::Plan, transfer::Progress>;

static Napi::Object toldToJs(Napi::Env env, const Told &told)
{
	if (const auto *progress = std::get_if<transfer::Progress>(&told))
		return progressToJs(env, *progress);
	return planToJs(env, std::get<transfer::Plan>(told));
}

// Who moves the bytes.
static auto storyOf(const transfer::Plan &plan)
{
	if (plan.to.isScreen())
		return transfer::show;
	return plan.from.isVideo() ? transfer::capture : transfer::copy;
}

// copy(source, order, onTold): Job<CopyReport>
static Napi::Value copy(const Napi::CallbackInfo &info)
{
	const auto order = copyOrder(info[1].As<Napi::Object>());

	return job<Told>(
		info.Env(), info[2].As<Napi::Function>(),
		[source = sourceOf(info[0]), order](const sys::Stop &stop, const auto &tell) {
			const auto machine = source.read();
			auto plan = transfer::plan(*machine, order);
			tell(plan);
			auto report = storyOf(plan)(*machine, plan, stop, tell);
			return Copied{std::move(plan), std::move(report)};
		},
		copiedToJs, toldToJs);
}

// bench(source, order, onSample): Job<CopyPlan>
static Napi::Value bench(const Napi::CallbackInfo &info)
{
	const auto order = benchOrder(info[1].As<Napi::Object>());

	return job<transfer::Sample>(
		info.Env(), info[2].As<Napi::Function>(),
		[source = sourceOf(info[0]), order](const sys::Stop &stop, const auto &tell) {
			const auto machine = source.read();
			auto plan = transfer::planBench(*machine, order);
			transfer::bench(*machine, plan, order, stop, tell);
			return plan;
		},
		planToJs, sampleToJs);
}

// measureLoads(source, order, onSample): Job<null>
static Napi::Value measureLoads(const Napi::CallbackInfo &info)
{
	const auto order = loadOrder(info[1].As<Napi::Object>());

	return job<transfer::LoadSample>(
		info.Env(), info[2].As<Napi::Function>(),
		[source = sourceOf(info[0]), order](const sys::Stop &stop, const auto &tell) {
			transfer::measureLoads(*source.read(), order, stop, tell);
			return 0;
		},
		[](Napi::Env env, int) { return env.Null(); }, loadSampleToJs);
}

// checkMemory(source, order, onProgress): Job<MemoryCheck>
static Napi::Value checkMemory(const Napi::CallbackInfo &info)
{
	const auto order = checkOrder(info[1].As<Napi::Object>());

	return job<transfer::Progress>(
		info.Env(), info[2].As<Napi::Function>(),
		[source = sourceOf(info[0]), order](const sys::Stop &stop, const auto &tell) {
			return transfer::checkMemory(*source.read(), order, stop,
						     [&](uint64_t done, uint64_t total) {
							     tell({"check", done, total});
						     });
		},
		memoryCheckToJs, progressToJs);
}

// map(source, order, onReady): Job<null>
static Napi::Value map(const Napi::CallbackInfo &info)
{
	const auto order = mapOrder(info[1].As<Napi::Object>());

	return job<transfer::Mapping>(
		info.Env(), info[2].As<Napi::Function>(),
		[source = sourceOf(info[0]), order](const sys::Stop &stop, const auto &tell) {
			transfer::map(*source.read(), order, stop, tell);
			return 0;
		},
		[](Napi::Env env, int) { return env.Null(); }, mappingToJs);
}

// share(order, onReady): Job<null>
static Napi::Value share(const Napi::CallbackInfo &info)
{
	const auto order = shareOrder(info[0].As<Napi::Object>());

	return job<transfer::Shared>(
		info.Env(), info[1].As<Napi::Function>(),
		[=](std::stop_token stop, const auto &tell) {
			transfer::share(pci::Machine::scan(""), order, stop, tell);
			return 0;
		},
		[](Napi::Env env, int) { return env.Null(); }, sharedToJs);
}

// serve(source, order, onTold): Job<null>
static Napi::Value serve(const Napi::CallbackInfo &info)
{
	const auto order = diskOrder(info[1].As<Napi::Object>());

	return job<transfer::Disk>(
		info.Env(), info[2].As<Napi::Function>(),
		[source = sourceOf(info[0]), order](const sys::Stop &stop, const auto &tell) {
			transfer::serve(*source.read(), order, stop, tell);
			return 0;
		},
		[](Napi::Env env, int) { return env.Null(); }, diskToJs);
}

// bind(order): Promise<BindReport>
static Napi::Value bind(const Napi::CallbackInfo &info)
{
	const auto order = bindOrder(info[0].As<Napi::Object>());

	return async(info.Env(), [=] { return bind::run(order); }, bindToJs);
}

// bindShow({root, functions, group}): Promise<BindView>
static Napi::Value bindShow(const Napi::CallbackInfo &info)
{
	const auto order = bindOrder(info[0].As<Napi::Object>());

	return async(
		info.Env(), [=] { return bind::show(order.root, order.functions, order.group); },
		viewToJs);
}

// acs(order): Promise<AcsReport>
static Napi::Value acs(const Napi::CallbackInfo &info)
{
	const auto order = acsOrder(info[0].As<Napi::Object>());

	return async(info.Env(), [=] { return acs::run(order); }, acsToJs);
}

// acsKept(source): Promise<AcsKept[]>
static Napi::Value acsKept(const Napi::CallbackInfo &info)
{
	return async(
		info.Env(), [source = sourceOf(info[0])] { return acs::kept(*source.read()); },
		acsKeptToJs);
}

// setUpTarget(order): Job<TargetReport>
static Napi::Value setUpTarget(const Napi::CallbackInfo &info)
{
	const auto order = targetOrder(info[0].As<Napi::Object>());

	return job(
		info.Env(),
		[=](std::stop_token stop, const auto &) { return target::setUp(order, stop); },
		targetReportToJs);
}

// showTargets(root, nqns): Promise<Target[]>
static Napi::Value showTargets(const Napi::CallbackInfo &info)
{
	const auto root = text(info, 0);
	const auto nqns = nameList(info[1]);

	return async(
		info.Env(), [=] { return target::show(root, nqns); },
		[](Napi::Env env, const auto &targets) { return list(env, targets, targetToJs); });
}

// takeDownTargets(root, nqns, dryRun): Promise<string[]>
static Napi::Value takeDownTargets(const Napi::CallbackInfo &info)
{
	const auto root = text(info, 0);
	const auto nqns = nameList(info[1]);
	const bool dryRun = info[2].ToBoolean();

	return async(
		info.Env(), [=] { return target::takeDown(root, nqns, dryRun); },
		[](Napi::Env env, const auto &commands) { return list(env, commands); });
}

static Napi::Object exportAll(Napi::Env env, Napi::Object exports)
{
	exports["read"] = Napi::Function::New(env, read);
	exports["supply"] = Napi::Function::New(env, supply);
	exports["readOwned"] = Napi::Function::New(env, readOwned);
	exports["scan"] = Napi::Function::New(env, scan);
	exports["find"] = Napi::Function::New(env, find);
	exports["capture"] = Napi::Function::New(env, capture);
	exports["check"] = Napi::Function::New(env, check);
	exports["matrix"] = Napi::Function::New(env, matrix);
	exports["fix"] = Napi::Function::New(env, fix);
	exports["groups"] = Napi::Function::New(env, groups);
	exports["plan"] = Napi::Function::New(env, plan);
	exports["copy"] = Napi::Function::New(env, copy);
	exports["bench"] = Napi::Function::New(env, bench);
	exports["measureLoads"] = Napi::Function::New(env, measureLoads);
	exports["checkMemory"] = Napi::Function::New(env, checkMemory);
	exports["map"] = Napi::Function::New(env, map);
	exports["share"] = Napi::Function::New(env, share);
	exports["serve"] = Napi::Function::New(env, serve);
	exports["bind"] = Napi::Function::New(env, bind);
	exports["bindShow"] = Napi::Function::New(env, bindShow);
	exports["acs"] = Napi::Function::New(env, acs);
	exports["acsKept"] = Napi::Function::New(env, acsKept);
	exports["setUpTarget"] = Napi::Function::New(env, setUpTarget);
	exports["showTargets"] = Napi::Function::New(env, showTargets);
	exports["takeDownTargets"] = Napi::Function::New(env, takeDownTargets);
	return exports;
}

}

static Napi::Object initialise(Napi::Env env, Napi::Object exports)
{
	return binding::exportAll(env, exports);
}

NODE_API_MODULE(p2p, initialise)
