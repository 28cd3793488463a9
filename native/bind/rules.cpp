// SPDX-License-Identifier: MIT
#include "bind/rules.h"

#include "bind/records.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/private_folder.h"

#include <algorithm>
#include <sstream>

namespace bind
{

using sys::Error;

constexpr const char *folder = "/etc/udev/rules.d";
constexpr const char *mark = "# Made by p2p-bind";

static sys::PrivateFolder openFolder(const std::string &root)
{
	return sys::PrivateFolder::open(root + "/etc", {"udev", "rules.d"},
					sys::Readers::everybody);
}

// Before 80-drivers.rules, which loads the function's own driver.
static std::string nameOf(const pci::Function &function)
{
	std::string path = function.path;
	std::ranges::replace(path, '/', '-');
	// Virtual functions beyond their bus's end have the path of others.
	if (function.physfn)
		path += "-" + function.bdf.name();
	return "70-p2p-bind-" + path + ".rules";
}

std::string Rules::pathOf(const pci::Function &function)
{
	return std::string(folder) + "/" + nameOf(function);
}

// Where it hangs below the root bus: numbers of the buses on the way may change from boot to boot,
// but a bridge has one bus below it. A VF may share the place of its PF on another bus.
static std::string placeOf(const pci::Function &function)
{
	const size_t start = function.folder.rfind("/sys/devices/");
	std::string place, part;
	bool isBelowBridge = false;

	std::istringstream parts(
		function.folder.substr(start == std::string::npos ? 0 : start + 5));
	while (std::getline(parts, part, '/')) {
		const bool isFunction = pci::Bdf::parse(part).has_value();
		if (isFunction && isBelowBridge && !function.physfn)
			part.replace(part.size() - 7, 2, "??");
		isBelowBridge = isFunction;
		place += "/" + part;
	}
	return place;
}

static std::string match(const pci::Function &function, const char *attribute)
{
	const auto value = sys::readText(function.folder + "/" + attribute).value_or("");
	return std::string("ATTR{") + attribute + "}==\"" + value + "\", ";
}

// Another driver may have been first, in the initramfs or by a neighbour's event. It is left where
// that would hurt: a disk that is mounted, swap or held, by name or number, or that the kernel
// keeps for somebody (BLKRRPART answers EBUSY then, but not in every kernel); a network with a
// carrier; a frame buffer; and wherever a tool to look with is missing. $$ is udev's $; %p and %k
// are the function.
static std::string taking(const std::string &driver)
{
	const std::string kept = "/sys/bus/pci/drivers/" + driver;
	const std::string name =
		"$$(basename $$(dirname $$q) | sed s/c[0-9][0-9]*n/n/) && d=/sys/class/block/$$n";
	std::string line = "cd /sys%p || exit; [ driver -ef " + kept + " ] && exit; ";
	// At any depth: a virtio network's lies below virtioN.
	line += "if [ -e driver ]; then s=$$(find . -name graphics) && ";
	line += "l=$$(find . -name carrier) || exit; case $$s in ?*) exit;; esac; ";
	line += "for c in $$l; do read -r u <$$c && [ $$u = 1 ] && exit; done; ";
	line += "m=$$(cat /proc/self/mountinfo /proc/swaps) && l=$$(find . -name queue) || exit; ";
	line += "for q in $$l; do n=" + name + " && [ -e $$d/dev ] || exit; ";
	line += "for h in $$d/holders/* $$d/*/holders/*; do [ -e $$h ] && exit; done; ";
	line += "for f in $$d/dev $$d/*/dev; do read -r v <$$f && ";
	line += "case $$m in *$$v*) exit;; esac; done; ";
	line += "case $$m in */dev/$$n*) exit;; esac; ";
	line += "/sbin/blockdev --rereadpt /dev/$$n || exit; done; ";
	line += "echo %k >driver/unbind; fi; ";
	return line + "echo %k >/sys/bus/pci/drivers_probe";
}

std::string Rules::textOf(const pci::Function &function, const std::string &driverOverride,
			  const State &before)
{
	const std::string bdf = function.bdf.name();
	std::string text = mark;
	text += "; 'p2p-bind --restore " + bdf + "' removes it.\n";
	text += "#identity=" + identityOf(function) + "\n#driver=" + before.driver;
	text += "\n#driver_override=" + before.driverOverride + "\n";
	text += "ACTION==\"add\", SUBSYSTEM==\"pci\", DEVPATH==\"" + placeOf(function) +
		"\", \\\n ";
	for (const char *name : {"vendor", "device", "subsystem_vendor", "subsystem_device"})
		text += match(function, name);
	text += "\\\n ATTR{driver_override}=\"" + driverOverride + "\", ";
	if (driverOverride != "none")
		text += "RUN{builtin}+=\"kmod load " + driverOverride + "\", ";
	return text + "\\\n RUN+=\"/bin/sh -c '" + taking(driverOverride) + "'\"\n";
}

static bool isOurs(const std::string &text)
{
	return text.starts_with(mark);
}

bool Rules::isThere(const pci::Function &function) const
{
	return isOurs(sys::readText(root_ + pathOf(function)).value_or(""));
}

std::optional<State> Rules::find(const pci::Function &function) const
{
	if (!isThere(function))
		return std::nullopt;
	try {
		const auto text = openFolder(root_).read(nameOf(function)).value_or("");
		auto values = parseValues(text, "#");
		if (!isOurs(text) || values["identity"] != identityOf(function))
			return std::nullopt;
		return State{.driver = values["driver"],
			     .driverOverride = values["driver_override"]};
	} catch (const Error &) {
		// Somebody else can have written it: it is not ours, and not believed.
		return std::nullopt;
	}
}

std::optional<std::string> Rules::read(const pci::Function &function) const
{
	return openFolder(root_).read(nameOf(function));
}

void Rules::requirePlace(const pci::Function &function) const
{
	const auto there = read(function);
	if (there && !isOurs(*there))
		throw Error("P2P_FOREIGN_FILE", pathOf(function) + " is not ours",
			    {{"path", pathOf(function)}});
}

void Rules::install(const pci::Function &function, const std::string &text) const
{
	requirePlace(function);
	openFolder(root_).write(nameOf(function), text);
}

void Rules::remove(const pci::Function &function) const
{
	if (!isThere(function))
		return;
	requirePlace(function);
	openFolder(root_).remove(nameOf(function));
}

std::string Rules::installing(const Rule &rule) const
{
	const std::string make =
		sys::exists(root_ + folder) ? "" : std::string("mkdir -p ") + folder + "\n";
	return make + "cat > " + rule.path + " <<'EOF'\n" + rule.text + "EOF";
}

std::string Rules::removing(const pci::Function &function)
{
	return "rm " + pathOf(function);
}

}
