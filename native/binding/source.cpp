// SPDX-License-Identifier: MIT
#include "binding/source.h"

#include "paper/lspci.h"
#include "sys/error.h"

namespace binding
{

using Shared = std::shared_ptr<const pci::Machine>;

static void assume(pci::Machine &machine, const Source &source)
{
	if (!source.kernel.empty()) {
		machine.kernel = source.kernel;
		machine.assumed.push_back("kernel");
	}
	if (!source.cpuVendor.empty()) {
		machine.cpuVendor = source.cpuVendor;
		machine.cpuFamily = source.cpuFamily;
		machine.cpuName.clear();
		machine.assumed.push_back("cpu");
	}
}

Shared Source::read() const
{
	if (machine && kernel.empty() && cpuVendor.empty())
		return machine;
	auto result = machine ? *machine
		      : text  ? paper::readLspci(*text)
			      : pci::Machine::scan(root, depth);
	if (text && result.functions.empty())
		throw sys::Error("P2P_NO_LSPCI", name + " holds no PCI function", {{"name", name}});
	assume(result, *this);
	return std::make_shared<const pci::Machine>(std::move(result));
}

Source sourceOf(const Napi::Value &value)
{
	const auto object = value.As<Napi::Object>();
	Source source;

	if (const Napi::Value root = object["root"]; root.IsString())
		source.root = root.ToString();
	if (const Napi::Value whole = object["whole"]; whole.IsBoolean() && whole.ToBoolean())
		source.depth = pci::Depth::whole;
	if (const Napi::Value name = object["name"]; name.IsString())
		source.name = name.ToString();
	if (const Napi::Value text = object["text"]; text.IsBuffer()) {
		const auto buffer = text.As<Napi::Buffer<char>>();
		source.text = std::string(buffer.Data(), buffer.Length());
	}
	if (const Napi::Value capture = object["capture"]; capture.IsObject())
		source.machine =
			std::make_shared<const pci::Machine>(captureOf(capture.As<Napi::Object>()));
	if (const Napi::Value machine = object["machine"]; machine.IsExternal())
		source.machine = *machine.As<Napi::External<Shared>>().Data();
	if (const Napi::Value kernel = object["kernel"]; kernel.IsString())
		source.kernel = kernel.ToString();
	if (const Napi::Value cpu = object["cpu"]; cpu.IsObject()) {
		source.cpuVendor = cpu.As<Napi::Object>().Get("vendor").ToString();
		source.cpuFamily = cpu.As<Napi::Object>().Get("family").ToNumber();
	}
	return source;
}

Napi::Object readSourceToJs(Napi::Env env, const Shared &machine)
{
	auto object = Napi::Object::New(env);
	object["machine"] = Napi::External<Shared>::New(
		env, new Shared(machine), [](Napi::Env, Shared *shared) { delete shared; });
	object["isCut"] = machine->isCut();
	return object;
}

Shared supplied(const pci::Machine &machine, const Napi::Object &supply)
{
	auto result = machine;
	result.supply = {.path = supply.Get("path").ToString(),
			 .refusal = supply.Get("refusal").ToString(),
			 .detail = supply.Get("detail").ToString()};
	if (const Napi::Value capture = supply["capture"]; capture.IsObject())
		if (!result.supplyFrom(captureOf(capture.As<Napi::Object>())))
			result.supply->refusal = "other-boot";
	return std::make_shared<const pci::Machine>(std::move(result));
}

}
