// SPDX-License-Identifier: MIT
#include "binding/witness_to_js.h"

#include "binding/to_js.h"
#include "binding/values.h"

namespace binding
{

namespace
{

// One kind after the other into an object that has 'function' already.
struct Fill {
	Napi::Env env;
	Napi::Object &object;

	Napi::Value number(uint64_t value) const
	{
		return Napi::Number::New(env, static_cast<double>(value));
	}

	void operator()(const transfer::IommuFaults &faults) const
	{
		const auto &[isWrite, address] =
			std::pair(faults.first.isWrite, faults.first.address);
		object["kind"] = "iommu-fault";
		object["function"] = faults.function.name();
		object["iommu"] = faults.first.iommu;
		object["count"] = number(faults.count);
		object["access"] =
			isWrite ? textOrNull(env, *isWrite ? "write" : "read") : env.Null();
		object["address"] = address ? hexToJs(env, *address) : env.Null();
	}

	void operator()(const transfer::AerCount &counter) const
	{
		object["kind"] = "aer";
		object["function"] = counter.function.name();
		object["severity"] = counter.severity;
		object["name"] = counter.name;
		object["count"] = number(counter.count);
	}

	void operator()(const transfer::NvmeError &logged) const
	{
		object["kind"] = "nvme-error";
		object["function"] = logged.function.name();
		object["count"] = number(logged.error.count);
		object["status"] = logged.error.status;
		object["lba"] = number(logged.error.lba);
		object["nsid"] = number(logged.error.nsid);
		object["queue"] = number(logged.error.queue);
		object["command"] = number(logged.error.command);
	}
};

}

Napi::Array witnessesToJs(Napi::Env env, const std::vector<transfer::Testimony> &testimonies)
{
	auto array = Napi::Array::New(env);
	for (const auto &testimony : testimonies) {
		auto object = Napi::Object::New(env);
		std::visit(Fill{env, object}, testimony);
		array[array.Length()] = object;
	}
	return array;
}

}
