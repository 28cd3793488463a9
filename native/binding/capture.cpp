// SPDX-License-Identifier: MIT
// A machine as an object and back. lib/capture.ts has looked at every field before it comes here.
#include "binding/source.h"
#include "binding/to_js.h"
#include "binding/values.h"

#include <linux/pci_regs.h>

namespace binding
{

// A serial number tells one card from another: nobody's business but its owner's.
static pci::Config withoutSerial(pci::Config config)
{
	const auto serial = config.extended(PCI_EXT_CAP_ID_DSN);
	if (serial.seen == pci::Seen::yes)
		config.forget(serial.offset + 4U, 8);
	return config;
}

static Napi::Value spaceToJs(Napi::Env env, const pci::Config &config)
{
	return config.space() ? Napi::Number::New(env, static_cast<double>(*config.space()))
			      : env.Null();
}

static Napi::Object windowToJs(Napi::Env env, const pci::BridgeWindow &window)
{
	auto object = Napi::Object::New(env);
	object["start"] = hexToJs(env, window.start);
	object["end"] = hexToJs(env, window.end);
	object["kind"] = window.isMemory ? "memory" : "io";
	return object;
}

static Napi::Object iovaRangeToJs(Napi::Env env, const pci::IovaRange &range)
{
	auto object = Napi::Object::New(env);
	object["start"] = hexToJs(env, range.start);
	object["end"] = hexToJs(env, range.end);
	return object;
}

Napi::Object captureToJs(Napi::Env env, const pci::Machine &machine)
{
	auto functions = Napi::Array::New(env, machine.functions.size());
	for (uint32_t i = 0; i < machine.functions.size(); i++) {
		const auto &function = machine.functions[i];
		auto object = functionToJs(env, function);
		const auto config = withoutSerial(function.config);
		object["config"] = config.hex();
		object["configSpace"] = spaceToJs(env, config);
		object["windows"] = list(env, function.windows, windowToJs);
		object["reservedIovas"] = list(env, function.reservedIovas, iovaRangeToJs);
		object["apertureBits"] = valueOrNull(env, function.apertureBits);
		object["vfioDevice"] = textOrNull(env, function.vfioDevice);
		functions[i] = object;
	}

	auto about = machineToJs(env, machine);
	about["cpuVendor"] = textOrNull(env, machine.cpuVendor);
	about["cpuFamily"] = valueOrNull(env, machine.cpuFamily);
	about["commandLine"] = machine.commandLine;
	about["bootId"] = textOrNull(env, machine.bootId);
	about["isLab"] = machine.isLab;
	about["hasVfioPci"] = flagOrNull(env, machine.hasVfioPci);
	about["hasIommufd"] = flagOrNull(env, machine.hasIommufd);
	about["cutBuses"] = list(env, machine.cutBuses);

	auto object = Napi::Object::New(env);
	object["machine"] = about;
	object["functions"] = functions;
	return object;
}

static std::string textOf(const Napi::Object &object, const char *name)
{
	const Napi::Value value = object[name];
	return value.IsString() ? value.ToString().Utf8Value() : "";
}

static uint64_t addressOf(const Napi::Object &object, const char *name)
{
	return strtoull(textOf(object, name).c_str(), nullptr, 0);
}

static double numberOf(const Napi::Object &object, const char *name)
{
	const Napi::Value value = object[name];
	return value.IsNumber() ? value.ToNumber().DoubleValue() : 0;
}

static bool isSet(const Napi::Object &object, const char *name)
{
	return object.Get(name).ToBoolean();
}

static std::optional<bool> flagOf(const Napi::Object &object, const char *name)
{
	const Napi::Value value = object[name];
	return value.IsBoolean() ? std::optional(value.ToBoolean().Value()) : std::nullopt;
}

static std::optional<int> integerOf(const Napi::Object &object, const char *name)
{
	const Napi::Value value = object[name];
	return value.IsNumber() ? std::optional(value.ToNumber().Int32Value()) : std::nullopt;
}

template <class T, class Read>
std::vector<T> listOf(const Napi::Object &object, const char *name, Read read)
{
	std::vector<T> items;
	const Napi::Value value = object[name];
	if (!value.IsArray())
		return items;
	const auto array = value.As<Napi::Array>();
	for (uint32_t i = 0; i < array.Length(); i++)
		items.push_back(read(array.Get(i)));
	return items;
}

static pci::Bar barOf(const Napi::Value &value)
{
	const auto object = value.As<Napi::Object>();
	pci::Bar bar{.index = static_cast<int>(numberOf(object, "index")),
		     .start = addressOf(object, "start"),
		     .size = static_cast<uint64_t>(numberOf(object, "size")),
		     .isMemory = textOf(object, "kind") == "memory",
		     .is64 = isSet(object, "is64"),
		     .isPrefetchable = isSet(object, "isPrefetchable"),
		     .busAddress = std::nullopt};
	if (object.Get("largest").IsNumber())
		bar.largest = static_cast<uint64_t>(numberOf(object, "largest"));
	if (!textOf(object, "busAddress").empty())
		bar.busAddress = pci::BusAddress{addressOf(object, "busAddress")};
	return bar;
}

static pci::BridgeWindow windowOf(const Napi::Value &value)
{
	const auto object = value.As<Napi::Object>();
	return {.start = addressOf(object, "start"),
		.end = addressOf(object, "end"),
		.isMemory = textOf(object, "kind") == "memory"};
}

static pci::IovaRange iovaRangeOf(const Napi::Value &value)
{
	const auto object = value.As<Napi::Object>();
	return {.start = addressOf(object, "start"), .end = addressOf(object, "end")};
}

static pci::Link linkOf(const Napi::Object &function, const char *name)
{
	const Napi::Value value = function[name];
	if (!value.IsObject())
		return {};
	const auto link = value.As<Napi::Object>();
	return {.speedGTs = numberOf(link, "speedGTs"),
		.width = static_cast<int>(numberOf(link, "width"))};
}

static std::optional<pci::P2pmem> p2pmemOf(const Napi::Object &function)
{
	const Napi::Value value = function["p2pmem"];
	if (!value.IsObject())
		return std::nullopt;
	const auto memory = value.As<Napi::Object>();
	return pci::P2pmem{.size = static_cast<uint64_t>(numberOf(memory, "size")),
			   .available = static_cast<uint64_t>(numberOf(memory, "available")),
			   .isPublished = isSet(memory, "isPublished")};
}

static std::optional<pci::DevicePrivate> devicePrivateOf(const Napi::Object &function)
{
	const Napi::Value value = function["devicePrivate"];
	if (!value.IsObject())
		return std::nullopt;
	const auto memory = value.As<Napi::Object>();
	if (!memory.Get("size").IsNumber())
		return pci::DevicePrivate{};
	return pci::DevicePrivate{.bytes = static_cast<uint64_t>(numberOf(memory, "size"))};
}

static std::string textItem(const Napi::Value &value)
{
	return value.ToString();
}

static pci::Function functionOf(const Napi::Value &value)
{
	const auto object = value.As<Napi::Object>();
	const auto space = integerOf(object, "configSpace");
	const auto cmbSize = integerOf(object, "cmbSize");
	pci::Function function;

	function.bdf = pci::Bdf::parse(textOf(object, "bdf")).value_or(pci::Bdf{});
	function.path = textOf(object, "path");
	function.rootBus = textOf(object, "rootBus");
	function.parent = pci::Bdf::parse(textOf(object, "parent"));
	function.physfn = pci::Bdf::parse(textOf(object, "physfn"));
	function.vendor = static_cast<uint16_t>(numberOf(object, "vendor"));
	function.device = static_cast<uint16_t>(numberOf(object, "device"));
	function.subVendor = static_cast<uint16_t>(numberOf(object, "subVendor"));
	function.subDevice = static_cast<uint16_t>(numberOf(object, "subDevice"));
	function.classCode = static_cast<uint32_t>(numberOf(object, "classCode"));
	function.revision = static_cast<uint8_t>(numberOf(object, "revision"));
	function.driver = textOf(object, "driver");
	function.driverOverride = textOf(object, "driverOverride");
	function.iommuGroup = integerOf(object, "iommuGroup");
	function.numaNode = integerOf(object, "numaNode");
	function.dmaBits = integerOf(object, "dmaBits");
	function.powerState = textOf(object, "powerState");
	function.isEnabled = isSet(object, "isEnabled");
	function.config = pci::Config::parse(textOf(object, "config"),
					     space ? std::optional<size_t>(*space) : std::nullopt)
				  .value_or(pci::Config{});
	function.hasResources = flagOf(object, "hasResources").value_or(true);
	function.bars = listOf<pci::Bar>(object, "bars", barOf);
	function.windows = listOf<pci::BridgeWindow>(object, "windows", windowOf);
	function.reservedIovas = listOf<pci::IovaRange>(object, "reservedIovas", iovaRangeOf);
	function.apertureBits = integerOf(object, "apertureBits");
	function.vfioDevice = textOf(object, "vfioDevice");
	function.link = linkOf(object, "link");
	function.maxLink = linkOf(object, "maxLink");
	function.p2pmem = p2pmemOf(object);
	if (object.Get("vram").IsNumber())
		function.vram = static_cast<uint64_t>(numberOf(object, "vram"));
	if (object.Get("visibleVram").IsNumber())
		function.visibleVram = static_cast<uint64_t>(numberOf(object, "visibleVram"));
	function.devicePrivate = devicePrivateOf(object);
	function.names = listOf<std::string>(object, "names", textItem);
	if (cmbSize)
		function.cmbSize = static_cast<uint64_t>(numberOf(object, "cmbSize"));
	return function;
}

pci::Machine captureOf(const Napi::Object &capture)
{
	const auto about = capture.Get("machine").As<Napi::Object>();
	pci::Machine machine;

	machine.source = "capture";
	machine.kernel = textOf(about, "kernel");
	machine.cpuVendor = textOf(about, "cpuVendor");
	machine.cpuFamily = integerOf(about, "cpuFamily");
	machine.cpuName = textOf(about, "cpu");
	machine.commandLine = textOf(about, "commandLine");
	if (const auto guest = textOf(about, "guest"); !guest.empty())
		machine.guest = guest;
	machine.bootId = textOf(about, "bootId");
	machine.isLab = isSet(about, "isLab");
	machine.hasIommu = flagOf(about, "iommu");
	machine.hasVfioPci = flagOf(about, "hasVfioPci");
	machine.hasIommufd = flagOf(about, "hasIommufd");
	machine.cutBuses = listOf<std::string>(about, "cutBuses", textItem);
	machine.assumed = listOf<std::string>(about, "assumed", textItem);
	machine.functions = listOf<pci::Function>(capture, "functions", functionOf);
	machine.finish();
	return machine;
}

}
