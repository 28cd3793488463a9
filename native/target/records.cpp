// SPDX-License-Identifier: MIT
#include "target/records.h"

#include "sys/error.h"
#include "sys/file.h"
#include "sys/process.h"

#include <algorithm>

namespace target
{

static std::string pathBelow(const std::string &root)
{
	return root + "/run/p2putils/target";
}

Records::Records(const std::string &root, const std::stop_token &stop)
    : path_(pathBelow(root)), folder_(sys::PrivateFolder::openToWork(root + "/run", "target", stop))
{
}

std::optional<Records> Records::peek(const std::string &root)
{
	const std::string path = pathBelow(root);
	if (!sys::isRoot() || !sys::exists(path))
		return std::nullopt;
	try {
		return Records(path,
			       sys::PrivateFolder::open(root + "/run", {"p2putils", "target"}));
	} catch (const sys::Error &) {
		return std::nullopt;
	}
}

std::vector<std::string> Records::names() const
{
	auto names = sys::list(path_);
	// Files half written have other names.
	std::erase_if(names, [](const std::string &name) { return !name.starts_with("nqn."); });
	return names;
}

std::optional<Steps> Records::find(const std::string &nqn) const
{
	const auto text = folder_.read(nqn);
	return text ? std::optional(fromText(*text)) : std::nullopt;
}

void Records::keep(const std::string &nqn, const Steps &steps) const
{
	folder_.write(nqn, toText(steps));
}

void Records::drop(const std::string &nqn) const
{
	folder_.remove(nqn);
}

bool Records::hasMade(const std::string &folder) const
{
	const Step made{Step::Sort::folder, folder};
	return std::ranges::any_of(names(), [&](const std::string &nqn) {
		const auto steps = find(nqn);
		return steps && std::ranges::find(*steps, made) != steps->end();
	});
}

}
