// SPDX-License-Identifier: MIT
#include "route/clearance.h"

#include "sys/error.h"

namespace route
{

static std::string wordText(Word word)
{
	switch (word) {
	case Word::direct:
		return "direct";
	case Word::throughRoot:
		return "through-root";
	case Word::no:
		return "no";
	case Word::unknown:
		break;
	}
	return "unknown";
}

static bool meets(Word word, const Allowed &allowed)
{
	switch (word) {
	case Word::direct:
		return true;
	case Word::throughRoot:
		return !allowed.requireDirect;
	case Word::no:
		return allowed.notSupported;
	case Word::unknown:
		return allowed.unknown;
	}
	return false;
}

static std::string join(const std::vector<std::string> &words, const char *separator)
{
	std::string text;
	for (const auto &word : words)
		text += (text.empty() ? "" : separator) + word;
	return text;
}

static std::string namesOf(const std::vector<pci::Bdf> &bdfs)
{
	std::vector<std::string> names;
	for (const auto &bdf : bdfs)
		names.push_back(bdf.name());
	return join(names, " ");
}

bool isCleared(const Verdict &verdict, const Allowed &allowed)
{
	return meets(verdict.word, allowed);
}

Clearance clear(Verdict verdict, const Allowed &allowed)
{
	if (meets(verdict.word, allowed))
		return Clearance(std::move(verdict));

	const std::string client = verdict.client.name(), provider = verdict.provider.name();
	throw sys::Error(verdict.word == Word::unknown ? "P2P_UNKNOWN" : "P2P_REFUSED",
			 client + " is not cleared to reach " + provider,
			 {{"client", client},
			  {"provider", provider},
			  {"verdict", wordText(verdict.word)},
			  {"redirects", namesOf(verdict.kernel.redirects)},
			  {"hostBridge", verdict.kernel.hostBridge},
			  {"missing", join(verdict.missing, ", ")}});
}

}
