// SPDX-License-Identifier: MIT
// Who set a port's ACS bits: firmware, the kernel for the IOMMU or by a boot parameter, or somebody
// since. After pci_enable_acs() of drivers/pci/pci.c (Linux 7.3).

import {bitsText} from './acs-bits.ts';
import {acsParameter} from './boot-parameters.ts';
import type {Machine, PciFunction} from './native.ts';

export type Why =
	| {readonly code: 'iommu' | 'firmware' | 'unknown'}
	| {readonly code: 'parameter'; readonly parameter: string}
	/** What the kernel set at boot is not what is set now. */
	| {readonly code: 'changed'; readonly set: readonly string[]; readonly cleared: readonly string[]}
	/** p2p-acs changed it and knows what was before. */
	| {readonly code: 'kept'; readonly before: readonly string[]};

/** before: what p2p-acs has written down of this port. */
export function whyOf(it: PciFunction, machine: Machine, before?: readonly string[]): Why {
	if (it.hasAcs !== true || it.isAcsShifted) return {code: 'unknown'};
	if (before !== undefined && bitsText(before) !== bitsText(it.acs ?? [])) {
		return {code: 'kept', before};
	}
	const parameter = acsParameter(machine.bootParameters, it);
	if (parameter !== undefined) {
		const said = {code: 'parameter', parameter: `pci=${parameter.option}`} as const;
		return changedFrom(it, parameter.set, parameter.clear) ?? said;
	}
	if (machine.iommu === null) return {code: 'unknown'};
	return machine.iommu ? (changedFrom(it, kernelBits, []) ?? {code: 'iommu'}) : {code: 'firmware'};
}

export function whyText(why: Why): string {
	switch (why.code) {
		case 'iommu':
			return 'the kernel, for the IOMMU';
		case 'parameter':
			return `the kernel, by ${why.parameter}`;
		case 'firmware':
			return 'firmware; the kernel sets none without an IOMMU';
		case 'kept':
			return `p2p-acs; was ${bitsText(why.before)}`;
		case 'changed':
			return `changed since boot: ${changesText(why)}`;
		case 'unknown':
			return '-';
	}
}

/** What the kernel sets where there is an IOMMU, as far as the port has it. */
const kernelBits = ['sv', 'rr', 'cr', 'uf'];

function changedFrom(
	{acs, acsCapability}: PciFunction,
	wantedSet: readonly string[],
	wantedClear: readonly string[],
): Why | undefined {
	const now = acs ?? [];
	const cleared = wantedSet.filter((bit) => acsCapability?.includes(bit) && !now.includes(bit));
	const set = wantedClear.filter((bit) => now.includes(bit));
	return cleared.length + set.length === 0 ? undefined : {code: 'changed', set, cleared};
}

function changesText({set, cleared}: {set: readonly string[]; cleared: readonly string[]}): string {
	return [
		...(cleared.length === 0 ? [] : [`${bitsText(cleared)} cleared`]),
		...(set.length === 0 ? [] : [`${bitsText(set)} set`]),
	].join(', ');
}
