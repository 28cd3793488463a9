// SPDX-License-Identifier: MIT
#include "binding/source.h"

#include "paper/lspci.h"

namespace binding
{

pci::Machine Source::read() const
{
	auto machine = capture ? *capture
		       : text  ? paper::readLspci(*text)
			       : pci::Machine::scan(root);
	if (!kernel.empty()) {
		machine.kernel = kernel;
		machine.assumed.push_back("kernel");
	}
	if (!cpuVendor.empty()) {
		machine.cpuVendor = cpuVendor;
		machine.cpuFamily = cpuFamily;
		machine.cpuName.clear();
		machine.assumed.push_back("cpu");
	}
	return machine;
}

Source sourceOf(const Napi::Value &value)
{
	const auto object = value.As<Napi::Object>();
	Source source;

	if (const Napi::Value root = object["root"]; root.IsString())
		source.root = root.ToString();
	if (const Napi::Value text = object["text"]; text.IsBuffer()) {
		const auto buffer = text.As<Napi::Buffer<char>>();
		source.text = std::string(buffer.Data(), buffer.Length());
	}
	if (const Napi::Value capture = object["capture"]; capture.IsObject())
		source.capture = captureOf(capture.As<Napi::Object>());
	if (const Napi::Value kernel = object["kernel"]; kernel.IsString())
		source.kernel = kernel.ToString();
	if (const Napi::Value cpu = object["cpu"]; cpu.IsObject()) {
		source.cpuVendor = cpu.As<Napi::Object>().Get("vendor").ToString();
		source.cpuFamily = cpu.As<Napi::Object>().Get("family").ToNumber();
	}
	return source;
}

}
