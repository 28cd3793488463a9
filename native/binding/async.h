// SPDX-License-Identifier: MIT
// The one way from JavaScript to the core and back, in three beats: arguments are read on the
// JavaScript thread, the work runs on a worker thread that knows no Node and may throw, and plain
// objects are built on the JavaScript thread again.
#pragma once

#include "sys/error.h"
#include "sys/stop.h"

#include <functional>
#include <memory>
#include <napi.h>
#include <optional>

namespace binding
{

Napi::Error toJs(Napi::Env env, const sys::Error &error);

// A running piece of work. Report is what it tells on the way; at most one a call is queued.
template <class Result, class Report> class Worker : public Napi::AsyncWorker
{
public:
	using Tell = std::function<void(Report)>;
	using Work = std::function<Result(const sys::Stop &, const Tell &)>;
	using ResultToJs = std::function<Napi::Value(Napi::Env, const Result &)>;
	using ReportToJs = std::function<Napi::Value(Napi::Env, const Report &)>;

	Worker(Napi::Env env, Work work, ResultToJs resultToJs)
	    : AsyncWorker(env), deferred_(env), work_(std::move(work)),
	      resultToJs_(std::move(resultToJs))
	{
	}

	void tellTo(Napi::Function listener, ReportToJs reportToJs)
	{
		reportToJs_ = std::move(reportToJs);
		listener_ = Napi::ThreadSafeFunction::New(Env(), listener, "p2p", 0, 1);
	}

	Napi::Promise promise() const { return deferred_.Promise(); }
	// The first time to end tidily, the second time in a hurry.
	std::function<void()> stopper() const
	{
		return [stop = stop_, hurry = hurry_]() mutable {
			if (!stop.request_stop())
				hurry.request_stop();
		};
	}

	void Execute() override
	{
		try {
			result_ = work_({stop_.get_token(), hurry_.get_token()},
					[this](Report report) { tell(std::move(report)); });
		} catch (const sys::Error &error) {
			error_ = error;
			SetError(error.what());
		}
		if (listener_)
			listener_.Release();
	}

	void OnOK() override { deferred_.Resolve(resultToJs_(Env(), *result_)); }

	void OnError(const Napi::Error &error) override
	{
		deferred_.Reject((error_ ? toJs(Env(), *error_) : error).Value());
	}

private:
	void tell(Report report)
	{
		if (!listener_)
			return;
		auto toJs = reportToJs_;
		listener_.NonBlockingCall(
			[toJs, report = std::move(report)](Napi::Env env, Napi::Function listener) {
				listener.Call({toJs(env, report)});
			});
	}

	Napi::Promise::Deferred deferred_;
	Work work_;
	ResultToJs resultToJs_;
	ReportToJs reportToJs_;
	Napi::ThreadSafeFunction listener_;
	std::stop_source stop_, hurry_;
	std::optional<Result> result_;
	std::optional<sys::Error> error_;
};

// Runs work() on a worker thread; a Promise of what toJs makes of its result.
template <class Work, class ToJs> Napi::Value async(Napi::Env env, Work work, ToJs resultToJs)
{
	using Result = std::invoke_result_t<Work>;
	auto *worker = new Worker<Result, int>(
		env, [work](const sys::Stop &, const auto &) { return work(); }, resultToJs);
	const auto promise = worker->promise();

	worker->Queue();
	return promise;
}

// The same for work that can be stopped: {result: Promise, stop()}. The first stop() asks it to end
// tidily, the second not to wait for anything.
template <class Result, class Report>
Napi::Value start(Napi::Env env, Worker<Result, Report> *worker)
{
	auto handle = Napi::Object::New(env);

	handle["result"] = worker->promise();
	handle["stop"] = Napi::Function::New(
		env, [stop = worker->stopper()](const Napi::CallbackInfo &) { stop(); });
	worker->Queue();
	return handle;
}

template <class Work, class ToJs> Napi::Value job(Napi::Env env, Work work, ToJs resultToJs)
{
	using Tell = std::function<void(int)>;
	using Result = std::invoke_result_t<Work, const sys::Stop &, const Tell &>;

	return start(env, new Worker<Result, int>(env, work, resultToJs));
}

// And for work that tells on the way.
template <class Report, class Work, class ToJs, class ReportToJs>
Napi::Value job(Napi::Env env, Napi::Function listener, Work work, ToJs resultToJs,
		ReportToJs reportToJs)
{
	using Tell = std::function<void(Report)>;
	using Result = std::invoke_result_t<Work, const sys::Stop &, const Tell &>;
	auto *worker = new Worker<Result, Report>(env, work, resultToJs);

	worker->tellTo(listener, reportToJs);
	return start(env, worker);
}

}
