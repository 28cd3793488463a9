// SPDX-License-Identifier: MIT
#include "route/verdict.h"

#include <algorithm>

namespace route
{

// The worse opinion wins, and what was not read is worse than any yes.
static Word wordFor(const KernelView &kernel, const FabricView &fabric)
{
	if (kernel.mapType == MapType::notSupported || fabric.request == Turn::blocked)
		return Word::no;
	if (kernel.mapType == MapType::unknown || fabric.request == Turn::unknown)
		return Word::unknown;
	if (kernel.mapType == MapType::thruHostBridge)
		return Word::throughRoot;
	if (fabric.completion == Turn::unknown)
		return Word::unknown;
	const bool isDirect = fabric.request == Turn::direct && fabric.completion == Turn::direct;
	return isDirect ? Word::direct : Word::throughRoot;
}

Word wordOf(const pci::Machine &machine, const pci::Function &client, const pci::Function &provider)
{
	std::vector<std::string> missing;
	const auto kernel = kernelView(machine, client, provider, missing);
	return wordFor(kernel, fabricTurns(machine, client, provider, missing));
}

Verdict verdict(const pci::Machine &machine, const pci::Function &client,
		const pci::Function &provider)
{
	std::vector<std::string> missing;
	Verdict result;

	result.client = client.bdf;
	result.provider = provider.bdf;
	result.kernel = kernelView(machine, client, provider, missing);
	result.fabric = fabricView(machine, client, provider, missing);
	result.vfio = vfioView(machine, client, provider);
	result.word = wordFor(result.kernel, result.fabric);
	for (const auto &name : missing)
		if (std::ranges::find(result.missing, name) == result.missing.end())
			result.missing.push_back(name);
	return result;
}

}
