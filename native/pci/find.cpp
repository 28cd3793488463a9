// SPDX-License-Identifier: MIT
// What users call a function: bdf, kernel path, kernel name, VENDOR:DEVICE with its slot or not.
#include "pci/machine.h"
#include "sys/error.h"

#include <algorithm>
#include <charconv>
#include <linux/pci_regs.h>

namespace pci
{

// '/dd.f', once or more. Names come from the command line, and are as long as whoever wrote them
// likes: std::regex would need a stack to match.
static bool areSteps(std::string_view text)
{
	constexpr size_t step = 5;
	if (text.empty() || text.size() % step != 0)
		return false;
	for (; !text.empty(); text.remove_prefix(step))
		if (text[0] != '/' || !Bdf::parse("00:" + std::string(text.substr(1, step - 1))))
			return false;
	return true;
}

// 'bb:dd.f/dd.f/…', the domain in front or not; '' where it is no kernel path.
static std::string wholePath(const std::string &name)
{
	const size_t slash = name.find('/');
	if (slash == std::string::npos || !areSteps(std::string_view(name).substr(slash)))
		return "";
	const auto first = Bdf::parse(name.substr(0, slash));
	return first ? first->name() + name.substr(slash) : "";
}

static bool isKernelName(const std::string &name)
{
	const auto isLetter = [](char c) {
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	};
	const auto isRest = [&](char c) {
		return isLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
	};
	return !name.empty() && isLetter(name[0]) && std::ranges::all_of(name, isRest);
}

// VENDOR:DEVICE as lspci -n writes it, and @SLOT behind it.
struct Model {
	unsigned vendor = 0, device = 0;
	std::optional<int> slot{};
};

template <class Number> static bool parseWhole(std::string_view text, Number &number, int base)
{
	const auto [end, error] =
		std::from_chars(text.data(), text.data() + text.size(), number, base);
	return error == std::errc() && end == text.data() + text.size();
}

static std::optional<Model> modelOf(std::string_view name)
{
	constexpr size_t digits = 4, length = 2 * digits + 1;
	Model model;

	if (name.size() < length || name[digits] != ':' ||
	    !parseWhole(name.substr(0, digits), model.vendor, 16) ||
	    !parseWhole(name.substr(digits + 1, digits), model.device, 16))
		return std::nullopt;
	if (name.size() == length)
		return model;
	const auto slot = name.substr(length);
	if (slot[0] != '@' || !parseWhole(slot.substr(1), model.slot.emplace(), 10))
		return std::nullopt;
	return model;
}

static sys::Error noFunction(const std::string &name)
{
	return {"P2P_NO_FUNCTION", "no function " + name, {{"name", name}}};
}

static bool isSlotUnread(const Machine &machine, const Function &function)
{
	if (function.slot || !function.parent)
		return false;
	const Function *port = machine.lookUp(*function.parent);
	return port && (port->config.capability(PCI_CAP_ID_EXP).seen == Seen::unknown ||
			isSlotUnread(machine, *port));
}

static std::vector<const Function *> findModel(const Machine &machine, const Model &model,
					       const std::string &name)
{
	std::vector<const Function *> found;
	const Function *unread = nullptr;
	for (const Function &function : machine.functions) {
		if (function.vendor != model.vendor || function.device != model.device)
			continue;
		if (!model.slot || function.slot == model.slot)
			found.push_back(&function);
		else if (!unread && isSlotUnread(machine, function))
			unread = &function;
	}
	if (found.empty() && unread)
		throw sys::Error("P2P_UNREAD_SLOT", "no slot was read",
				 {{"bdf", unread->bdf.name()}, {"name", name}});
	if (found.empty())
		throw noFunction(name);
	return found;
}

const Function &Machine::at(const Bdf &bdf) const
{
	if (const Function *function = lookUp(bdf))
		return *function;
	throw noFunction(bdf.name());
}

std::vector<const Function *> Machine::findAll(const std::string &name) const
{
	if (const auto bdf = Bdf::parse(name))
		return {&at(*bdf)};
	if (const auto model = modelOf(name))
		return findModel(*this, *model, name);

	const std::string path = wholePath(name);
	if (path.empty() && !isKernelName(name))
		throw sys::Error("P2P_BAD_NAME", "'" + name + "' names no function",
				 {{"name", name}});
	for (const Function &function : functions)
		if (path.empty() ? std::ranges::count(function.names, name) > 0
				 : function.path == path)
			return {&function};
	throw noFunction(name);
}

const Function &Machine::find(const std::string &name) const
{
	const auto found = findAll(name);
	if (found.size() == 1)
		return *found[0];
	std::string has;
	for (const Function *function : found)
		has += (has.empty() ? "" : ", ") + function->bdf.name();
	throw sys::Error("P2P_SEVERAL", name + " is several", {{"name", name}, {"has", has}});
}

}
