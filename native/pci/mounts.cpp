// SPDX-License-Identifier: MIT
#include "pci/mounts.h"

#include "sys/file.h"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

namespace pci
{

static bool isOctal(char c)
{
	return c >= '0' && c <= '7';
}

// The kernel writes blanks, tabs, newlines and backslashes as \040 and so on. Other control
// characters stay out of our sentences anyway.
static std::string unescape(const std::string &text)
{
	std::string plain;
	for (size_t i = 0; i < text.size(); i++) {
		if (text[i] == '\\' && i + 3 < text.size() && isOctal(text[i + 1]) &&
		    isOctal(text[i + 2]) && isOctal(text[i + 3])) {
			plain += static_cast<char>(stoi(text.substr(i + 1, 3), nullptr, 8));
			i += 3;
		} else {
			plain += text[i];
		}
	}
	return plain;
}

// '36 35 98:0 /root /mnt rw,noatime master:1 - ext4 /dev/root rw', optional fields before the dash.
static std::optional<Mount> parseMount(const std::string &line)
{
	std::istringstream words(line);
	std::vector<std::string> fields;
	for (std::string word; words >> word;)
		fields.push_back(word);

	const auto dash = std::ranges::find(fields, "-");
	if (fields.size() < 10 || fields.end() - dash < 3)
		return std::nullopt;
	return Mount{.number = "b" + fields[2],
		     .where = unescape(fields[4]),
		     .type = dash[1],
		     .source = unescape(dash[2])};
}

static void readTable(const std::string &path, std::vector<Mount> &mounts)
{
	std::istringstream lines(sys::readText(path).value_or(""));
	for (std::string line; std::getline(lines, line);)
		if (auto mount = parseMount(line))
			mounts.push_back(std::move(*mount));
}

std::vector<Mount> readMounts(const std::string &root)
{
	const std::string proc = root + "/proc/";
	std::vector<Mount> mounts;
	readTable(proc + "self/mountinfo", mounts);

	// A container mounts where we do not see it: one table for each other namespace.
	std::set<std::string> seen = {sys::readLink(proc + "self/ns/mnt").value_or("")};
	for (const auto &pid : sys::list(proc)) {
		const auto space = sys::readLink(proc + pid + "/ns/mnt");
		if (space && seen.insert(*space).second)
			readTable(proc + pid + "/mountinfo", mounts);
	}
	return mounts;
}

std::vector<std::string> readSwaps(const std::string &root)
{
	std::istringstream lines(sys::readText(root + "/proc/swaps").value_or(""));
	std::vector<std::string> paths;
	for (std::string line; std::getline(lines, line);)
		if (line.starts_with('/'))
			paths.push_back(unescape(line.substr(0, line.find_first_of(" \t"))));
	return paths;
}

}
