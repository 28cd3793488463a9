// SPDX-License-Identifier: MIT
#include "target/step.h"

#include "sys/configfs.h"
#include "sys/error.h"
#include "sys/file.h"

#include <functional>
#include <sstream>

namespace target
{

using sys::Error;
using Sort = Step::Sort;

// A folder below these serves all subsystems that lead to it.
static bool isShared(const Step &step)
{
	const std::string folder = nvmetFolder;
	return step.sort == Sort::folder && (step.path.starts_with(folder + "/ports/") ||
					     step.path.starts_with(folder + "/hosts/"));
}

static bool isSwitch(const Step &step)
{
	return step.sort == Sort::value && step.path.ends_with("/enable");
}

std::string commandOf(const Step &step)
{
	switch (step.sort) {
	case Sort::folder:
		return "mkdir " + step.path;
	case Sort::link:
		return "ln -s " + step.value + " " + step.path;
	case Sort::value:
		break;
	}
	return "echo " + step.value + " > " + step.path;
}

std::string undoingOf(const Step &step)
{
	switch (step.sort) {
	case Sort::folder:
		return "rmdir " + step.path;
	case Sort::link:
		return "rm " + step.path;
	case Sort::value:
		break;
	}
	return isSwitch(step) ? "echo 0 > " + step.path : "";
}

static void attempt(const std::string &command, const std::function<void()> &change)
{
	try {
		change();
	} catch (const Error &error) {
		const auto reason = error.facts.find("reason");
		throw Error("P2P_TARGET_FAILED", command + ": " + error.what(),
			    {{"command", command},
			     {"errno", error.code},
			     {"reason", reason == error.facts.end() ? "" : reason->second}});
	}
}

static void change(const std::string &root, const Step &step)
{
	switch (step.sort) {
	case Sort::folder:
		return sys::makeFolder(root + step.path);
	case Sort::link:
		return sys::makeLink(root + step.value, root + step.path);
	case Sort::value:
		return sys::writeText(root + step.path, step.value + "\n");
	}
}

static void changeBack(const std::string &root, const Step &step)
{
	switch (step.sort) {
	case Sort::folder:
		return sys::removeFolder(root + step.path);
	case Sort::link:
		return sys::removeLink(root + step.path);
	case Sort::value:
		return sys::writeText(root + step.path, "0\n");
	}
}

void take(const std::string &root, const Step &step)
{
	if (isShared(step) && sys::exists(root + step.path))
		return;
	attempt(commandOf(step), [&] { change(root, step); });
}

static bool isLeft(const Step &step, const Error &error)
{
	const auto &number = error.facts.at("errno");
	return number == "ENOENT" ||
	       (isShared(step) && (number == "ENOTEMPTY" || number == "EBUSY"));
}

bool takeBack(const std::string &root, const Step &step)
{
	if (undoingOf(step).empty())
		return false;
	try {
		attempt(undoingOf(step), [&] { changeBack(root, step); });
		return true;
	} catch (const Error &error) {
		if (isLeft(step, error))
			return false;
		throw;
	}
}

static char letterOf(Sort sort)
{
	return sort == Sort::folder ? 'd' : sort == Sort::value ? 'v' : 'l';
}

std::string toText(const Steps &steps)
{
	std::string text;
	for (const auto &step : steps)
		text += std::string(1, letterOf(step.sort)) + "\t" + step.path + "\t" + step.value +
			"\n";
	return text;
}

Steps fromText(const std::string &text)
{
	Steps steps;
	std::istringstream lines(text);
	for (std::string line; std::getline(lines, line);) {
		std::istringstream words(line);
		std::string letter, path, value;
		std::getline(words, letter, '\t');
		std::getline(words, path, '\t');
		std::getline(words, value);
		for (const Sort sort : {Sort::folder, Sort::value, Sort::link})
			if (letter == std::string(1, letterOf(sort)))
				steps.push_back({sort, path, value});
	}
	return steps;
}

}
