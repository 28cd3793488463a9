// SPDX-License-Identifier: MIT
// What p2p-acs has changed, and what that did not change.

import {bitsText} from './acs-bits.ts';
import type {AcsReport} from './native.ts';

export type AcsChange = {
	readonly report: AcsReport;
	/** The verdict of the two ends of --route, before and after. */
	readonly verdicts: {
		readonly client: string;
		readonly provider: string;
		readonly before: string;
		readonly after: string;
	} | null;
	/** '' where nothing of it can be made to last. */
	readonly boot: string;
};

export function changeLines({report, verdicts, boot}: AcsChange): string[] {
	return [
		...report.ports.map(({bdf, before, after}) => {
			const isSame = bitsText(before) === bitsText(after);
			return `${bdf}  ${isSame ? 'already ' : `${bitsText(before)} -> `}${bitsText(after)}`;
		}),
		...report.rebound.map(({bdf, driver}) => `${bdf}  ${driver} bound anew`),
		...(verdicts === null
			? []
			: [`${verdicts.client} to ${verdicts.provider}  ${verdicts.before} -> ${verdicts.after}`]),
		...(boot === ''
			? []
			: [
					'lasts until the port is reset or suspended; on the kernel command line from boot on:',
					boot,
				]),
	];
}

/** A shell script of it. */
export function dryLines({report, boot}: AcsChange): string[] {
	return [...report.commands, ...(boot === '' ? [] : [`# or from boot on: ${boot}`])];
}

export function warningLines(program: string, {stale, groups, isGuest}: AcsReport): string[] {
	return [
		...(isGuest
			? [`${program}: warning: the ports of a guest are not the hardware's, which does as before`]
			: []),
		...stale.flatMap(({bdf, driver}) => [
			`${program}: warning: the kernel keeps its old verdict about the memory of ${bdf} until ${driver} is bound to it anew: copies by it may arrive wrong and be called a success`,
			`  Try: ${program} --rebind ${bdf}   does that, unless it is in use`,
		]),
		...(groups.length === 0 ? [] : groupLines(program, groups)),
	];
}

function groupLines(program: string, groups: AcsReport['groups']): string[] {
	const wanted = new Set(groups.flatMap(({predicted}) => predicted.map((it) => it.join(' '))));
	const numbers = groups.map(({group}) => group).join(', ');
	return [
		`${program}: warning: IOMMU ${groups.length === 1 ? 'group' : 'groups'} ${numbers} will not change until what is below the ports is removed and rescanned; by these bits they would be ${[...wanted].join(' | ')}`,
		'  Try: echo 1 > /sys/bus/pci/devices/FUNCTION/remove; echo 1 > /sys/bus/pci/rescan   for what nobody uses',
	];
}
