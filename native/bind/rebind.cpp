// SPDX-License-Identifier: MIT
#include "bind/rebind.h"

#include "bind/refuse.h"
#include "pci/usage.h"
#include "sys/error.h"

namespace bind
{

using sys::Error;

static void requireFree(const std::string &root,
			const std::vector<const pci::Function *> &functions)
{
	std::vector<pci::Use> uses;
	for (const pci::Function *function : functions)
		for (auto &use : pci::usesOf(root, *function))
			uses.push_back(std::move(use));
	if (!uses.empty())
		throw pci::inUse(uses);
}

Rebinding::Rebinding(const std::string &root, const std::vector<const pci::Function *> &functions,
		     bool isDry)
    : root_(root), hand_(root, isDry)
{
	if (functions.empty())
		return;
	requireFree(root, functions);
	if (!isDry)
		book_.emplace(root);
	for (const pci::Function *function : functions) {
		Guest guest{.function = function, .state = readState(root, function->bdf)};
		if (guest.state.driver.empty())
			throw Error("P2P_NOT_DRIVEN", function->bdf.name() + " has no driver",
				    {{"bdf", function->bdf.name()}});
		guest.hadRecord = book_ && book_->find(*function);
		if (!isDry)
			guest.claims = claim(*function);
		guests_.push_back(std::move(guest));
	}
}

void Rebinding::release()
{
	for (Guest &guest : guests_) {
		if (book_ && !guest.hadRecord)
			book_->keep(*guest.function, guest.state);
		guest.isAway = true;
		hand_.bring(guest.function->bdf, guest.away(), std::move(guest.claims));
	}
}

void Rebinding::rejoin()
{
	std::optional<Error> failure;
	for (Guest &guest : guests_) {
		if (!guest.isAway)
			continue;
		try {
			const auto from =
				book_ ? readState(root_, guest.function->bdf) : guest.away();
			hand_.bring(guest.function->bdf, from, guest.state, {});
			guest.isAway = false;
			if (book_ && !guest.hadRecord)
				book_->drop(*guest.function);
		} catch (const Error &error) {
			failure = error;
		}
	}
	if (failure)
		throw *failure;
}

}
