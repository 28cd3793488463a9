// SPDX-License-Identifier: MIT
#include "binding/transfer_to_js.h"

#include "binding/to_js.h"
#include "binding/values.h"
#include "binding/witness_to_js.h"

#include <map>

namespace binding
{

static const char *verifyText(transfer::Verify verify)
{
	switch (verify) {
	case transfer::Verify::none:
		return "none";
	case transfer::Verify::full:
		return "full";
	case transfer::Verify::sample:
		break;
	}
	return "sample";
}

static const char *addressKind(bool isIdentity)
{
	return isIdentity ? "bus-address" : "iova";
}

static Napi::Value lengthToJs(Napi::Env env, uint64_t length)
{
	return Napi::Number::New(env, static_cast<double>(length));
}

static Napi::Value nameOrNull(Napi::Env env, const std::optional<pci::Function> &function)
{
	return textOrNull(env, function ? function->bdf.name() : "");
}

static Napi::Value busAddressOf(Napi::Env env, const transfer::End &end)
{
	if (!end.bar || !end.bar->busAddress)
		return env.Null();
	return hexToJs(env, pci::number(*end.bar->busAddress) + end.place.offset);
}

static Napi::Value endToJs(Napi::Env env, const transfer::End &end)
{
	static const std::map<transfer::PlaceKind, const char *> kinds{
		{transfer::PlaceKind::nameSpace, "ns"}, {transfer::PlaceKind::bar, "bar"},
		{transfer::PlaceKind::cmb, "cmb"},      {transfer::PlaceKind::pmr, "pmr"},
		{transfer::PlaceKind::file, "file"},    {transfer::PlaceKind::stream, "stream"},
		{transfer::PlaceKind::block, "block"},  {transfer::PlaceKind::p2pmem, "p2pmem"},
		{transfer::PlaceKind::video, "video"},  {transfer::PlaceKind::screen, "drm"}};
	auto object = Napi::Object::New(env);

	object["kind"] = kinds.at(end.place.kind);
	object["function"] = nameOrNull(env, end.function);
	object["path"] = textOrNull(env, end.isOutside() ? end.place.name : "");
	object["index"] = end.place.index;
	object["offset"] = lengthToJs(env, end.place.offset);
	object["access"] = textOrNull(env, end.access);
	object["busAddress"] = busAddressOf(env, end);
	return object;
}

static Napi::Object legToJs(Napi::Env env, const transfer::Leg &leg)
{
	auto object = Napi::Object::New(env);

	object["client"] = leg.client.bdf.name();
	object["engine"] = leg.engine;
	object["direction"] = leg.isFromMedium ? "from-medium" : "to-medium";
	object["provider"] = nameOrNull(env, leg.provider);
	object["pair"] =
		leg.clearance ? Napi::Value(pairToJs(env, leg.clearance->verdict())) : env.Null();
	return object;
}

static const char *wayText(transfer::Way way)
{
	switch (way) {
	case transfer::Way::peer:
		return "peer";
	case transfer::Way::staged:
		return "staged";
	case transfer::Way::cpu:
		break;
	}
	return "cpu";
}

Napi::Object planToJs(Napi::Env env, const transfer::Plan &plan)
{
	auto object = Napi::Object::New(env);
	auto legs = Napi::Array::New(env);
	for (const auto &leg : plan.legs)
		legs[legs.Length()] = legToJs(env, leg);

	object["way"] = wayText(plan.way);
	object["from"] = endToJs(env, plan.from);
	object["to"] = endToJs(env, plan.to);
	object["via"] = plan.via ? endToJs(env, *plan.via) : env.Null();
	object["legs"] = legs;
	object["mechanism"] = textOrNull(env, plan.mechanism());
	object["space"] = textOrNull(env, plan.space);
	object["addressKind"] =
		textOrNull(env, plan.isMapped() ? addressKind(plan.isIdentity) : "");
	object["length"] = plan.order.length ? lengthToJs(env, *plan.order.length) : env.Null();
	object["frames"] =
		plan.order.pictures.count ? lengthToJs(env, plan.order.pictures.count) : env.Null();
	object["verify"] = verifyText(plan.order.verify);
	object["pattern"] = plan.order.pattern ? lengthToJs(env, *plan.order.pattern) : env.Null();
	return object;
}

static Napi::Value mismatchToJs(Napi::Env env, const std::optional<transfer::Mismatch> &mismatch)
{
	if (!mismatch)
		return env.Null();
	auto object = Napi::Object::New(env);
	object["offset"] = lengthToJs(env, mismatch->offset);
	object["length"] = lengthToJs(env, mismatch->length);
	object["kind"] = mismatch->kind;
	object["isSourceUnstable"] = mismatch->isSourceUnstable;
	object["isAtSource"] = mismatch->isAtSource;
	object["by"] =
		mismatch->by
			? Napi::Value(Napi::Number::New(env, static_cast<double>(*mismatch->by)))
			: env.Null();
	object["boundary"] = mismatch->boundary ? lengthToJs(env, *mismatch->boundary) : env.Null();
	object["seed"] = mismatch->seed ? lengthToJs(env, *mismatch->seed) : env.Null();
	return object;
}

static const char *memoryText(sys::VideoMemory memory)
{
	switch (memory) {
	case sys::VideoMemory::userptr:
		return "userptr";
	case sys::VideoMemory::dmabuf:
		return "dmabuf";
	case sys::VideoMemory::mmap:
		break;
	}
	return "mmap";
}

static Napi::Value framesToJs(Napi::Env env, const std::optional<device::Frames> &frames)
{
	if (!frames)
		return env.Null();
	auto object = Napi::Object::New(env);
	object["format"] = frames->format.fourcc;
	object["width"] = frames->format.width;
	object["height"] = frames->format.height;
	object["pitch"] = frames->format.pitch;
	object["size"] = frames->format.size;
	object["stride"] = lengthToJs(env, frames->stride);
	object["memory"] = memoryText(frames->memory);
	object["count"] = lengthToJs(env, frames->count);
	object["dropped"] = lengthToJs(env, frames->dropped);
	object["damaged"] = lengthToJs(env, frames->damaged);
	object["durationNs"] = lengthToJs(env, frames->duration);
	return object;
}

Napi::Object reportToJs(Napi::Env env, const transfer::Report &report)
{
	auto object = Napi::Object::New(env);

	object["addressKind"] = textOrNull(env, report.iova ? addressKind(report.isIdentity) : "");
	object["iova"] = report.iova ? hexToJs(env, pci::number(*report.iova)) : env.Null();
	object["blockSize"] = lengthToJs(env, report.blockSize);
	object["requestSize"] = lengthToJs(env, report.requestSize);
	object["queues"] = lengthToJs(env, report.queues);
	object["depth"] = lengthToJs(env, report.depth);
	object["length"] = lengthToJs(env, report.length);
	object["bytes"] = lengthToJs(env, report.bytes);
	object["requests"] = lengthToJs(env, report.requests);
	object["durationNs"] = lengthToJs(env, report.copyNs);
	object["verifiedBytes"] = lengthToJs(env, report.verifiedBytes);
	object["verifyNs"] = lengthToJs(env, report.verifyNs);
	object["crc32c"] = report.checksum ? hexToJs(env, *report.checksum) : env.Null();
	object["mismatch"] = mismatchToJs(env, report.mismatch);
	object["witnesses"] = witnessesToJs(env, report.witnesses);
	object["isDeaf"] = report.isDeaf;
	object["frames"] = framesToJs(env, report.frames);
	return object;
}

Napi::Object progressToJs(Napi::Env env, const transfer::Progress &progress)
{
	auto object = Napi::Object::New(env);

	object["phase"] = progress.phase;
	object["bytes"] = lengthToJs(env, progress.bytes);
	object["total"] = lengthToJs(env, progress.total);
	return object;
}

static const char *armText(transfer::Arm arm)
{
	switch (arm) {
	case transfer::Arm::peer:
		return "peer";
	case transfer::Arm::staged:
		return "staged";
	case transfer::Arm::host:
		break;
	}
	return "host";
}

static Napi::Value timeToJs(Napi::Env env, uint64_t time)
{
	return time ? lengthToJs(env, time) : env.Null();
}

Napi::Object sampleToJs(Napi::Env env, const transfer::Sample &sample)
{
	auto object = Napi::Object::New(env);
	const auto &latencies = sample.latencies;

	object["way"] = armText(sample.arm);
	object["size"] = lengthToJs(env, sample.size);
	object["depth"] = lengthToJs(env, sample.depth);
	object["run"] = lengthToJs(env, sample.run);
	object["bytes"] = lengthToJs(env, sample.bytes);
	object["requests"] = lengthToJs(env, sample.requests);
	object["durationNs"] = lengthToJs(env, sample.duration);
	object["cpuNs"] = lengthToJs(env, sample.cpu);
	object["busyNs"] = timeToJs(env, sample.busy);
	object["medianNs"] = timeToJs(env, latencies.median);
	object["percentile99Ns"] = timeToJs(env, latencies.percentile99);
	object["percentile999Ns"] = timeToJs(env, latencies.percentile999);
	object["longestNs"] = timeToJs(env, latencies.longest);
	return object;
}

static const char *loadKindText(transfer::LoadKind kind)
{
	switch (kind) {
	case transfer::LoadKind::load:
		return "load";
	case transfer::LoadKind::storeLoad:
		return "store-load";
	case transfer::LoadKind::loads:
		return "loads";
	case transfer::LoadKind::stores:
		break;
	}
	return "stores";
}

Napi::Object loadSampleToJs(Napi::Env env, const transfer::LoadSample &sample)
{
	auto object = Napi::Object::New(env);
	const auto &latencies = sample.latencies;

	object["kind"] = loadKindText(sample.kind);
	object["memory"] =
		sample.caching == transfer::Caching::none ? "uncached" : "write-combining";
	object["access"] = sample.access;
	object["size"] = lengthToJs(env, sample.size);
	object["count"] = lengthToJs(env, sample.count);
	object["durationNs"] = lengthToJs(env, sample.duration);
	object["clockNs"] = lengthToJs(env, sample.clock);
	object["medianNs"] = lengthToJs(env, latencies.median);
	object["percentile99Ns"] = lengthToJs(env, latencies.percentile99);
	object["longestNs"] = lengthToJs(env, latencies.longest);
	return object;
}

static Napi::Value faultsToJs(Napi::Env env, const std::optional<transfer::MemoryFaults> &faults)
{
	if (!faults)
		return env.Null();
	auto object = Napi::Object::New(env);
	object["pattern"] = faults->pattern;
	object["offset"] = lengthToJs(env, faults->offset);
	object["wrote"] = hexToJs(env, faults->wrote);
	object["read"] = hexToJs(env, faults->read);
	object["count"] = lengthToJs(env, faults->count);
	object["bits"] = hexToJs(env, faults->bits);
	return object;
}

Napi::Object memoryCheckToJs(Napi::Env env, const transfer::MemoryCheck &check)
{
	auto object = Napi::Object::New(env);

	object["length"] = lengthToJs(env, check.length);
	object["access"] = check.access;
	object["patterns"] = list(env, check.patterns);
	object["faults"] = faultsToJs(env, check.faults);
	object["durationNs"] = lengthToJs(env, check.duration);
	return object;
}

static Napi::Value descriptorToJs(Napi::Env env, int number)
{
	return number < 0 ? env.Null() : Napi::Value(Napi::Number::New(env, number));
}

Napi::Object sharedToJs(Napi::Env env, const transfer::Shared &shared)
{
	auto object = Napi::Object::New(env);

	object["dmaBufFd"] = shared.fd;
	object["size"] = lengthToJs(env, shared.size);
	object["exporter"] = textOrNull(env, shared.exporter);
	object["length"] = lengthToJs(env, shared.length);
	object["busAddress"] =
		shared.busAddress ? hexToJs(env, pci::number(*shared.busAddress)) : env.Null();
	object["driver"] = textOrNull(env, shared.driver);
	object["function"] = valueOrNull(env, shared.card);
	object["hostFd"] = descriptorToJs(env, shared.memoryFd);
	return object;
}

Napi::Object mappingToJs(Napi::Env env, const transfer::Mapping &mapping)
{
	auto object = Napi::Object::New(env);
	const bool hasHost = mapping.hostFd >= 0;

	object["pair"] = pairToJs(env, mapping.verdict);
	object["mechanism"] = mapping.mechanism;
	object["providerAccess"] = mapping.access;
	object["addressKind"] =
		addressKind(pci::number(mapping.iova) == pci::number(mapping.busAddress));
	object["iova"] = hexToJs(env, pci::number(mapping.iova));
	object["busAddress"] = hexToJs(env, pci::number(mapping.busAddress));
	object["length"] = lengthToJs(env, mapping.length);
	object["clientFd"] = mapping.clientFd;
	object["dmaBufFd"] = descriptorToJs(env, mapping.dmaBufFd);
	object["hostFd"] = descriptorToJs(env, mapping.hostFd);
	object["hostIova"] = hasHost ? hexToJs(env, pci::number(mapping.hostIova)) : env.Null();
	object["hostLength"] = hasHost ? lengthToJs(env, mapping.hostLength) : env.Null();
	return object;
}

Napi::Object diskToJs(Napi::Env env, const transfer::Disk &disk)
{
	auto object = Napi::Object::New(env);

	object["path"] = disk.path;
	object["driver"] = disk.driver;
	object["function"] = disk.function;
	object["bar"] = disk.bar;
	object["start"] = lengthToJs(env, disk.start);
	object["length"] = lengthToJs(env, disk.length);
	object["access"] = disk.access;
	object["uses"] = list(env, disk.uses, useToJs);
	return object;
}

}
