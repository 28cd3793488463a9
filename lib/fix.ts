// SPDX-License-Identifier: MIT
// What would make a verdict direct, as lines that a person types, and what it is then.

import {bootParameter} from './acs-boot.ts';
import {headline} from './describe.ts';
import type {Fix, PciFunction} from './native.ts';
import type {Style} from './style.ts';

export type FixCommands = {
	/** Until the next reset of the port. */
	readonly acs: readonly string[];
	readonly setpci: readonly string[];
	/** From boot: clears RR, CR and EC, and leaves the rest to the firmware; and exactly these bits (Linux 6.11 and later). */
	readonly boot: readonly string[];
};

export function fixCommands({changes}: Fix, functions: readonly PciFunction[]): FixCommands {
	const pathOf = (bdf: string) => functions.find((it) => it.bdf === bdf)?.path || bdf;
	const paths = changes.map(({bdf}) => pathOf(bdf)).join(';');
	const wanted = changes.map(({bdf, clear}) => {
		const {acs, acsCapability} = functions.find((it) => it.bdf === bdf) ?? {};
		return {
			path: pathOf(bdf),
			bits: (acs ?? []).filter((bit) => !clear.includes(bit)),
			capability: acsCapability ?? [],
		};
	});
	return {
		acs: changes.map(({bdf, clear}) => `p2p-acs ${bdf} --clear ${clear.join(',')}`),
		setpci: changes.map(
			({bdf, mask}) => `setpci -s ${bdf} ECAP_ACS+6.w=0:${mask.toString(16).padStart(2, '0')}`,
		),
		boot: changes.length === 0 ? [] : [`pci=disable_acs_redir=${paths}`, bootParameter(wanted)],
	};
}

/** The answer of p2p-check --fix, below the verdict. */
export function describeFix(fix: Fix, commands: FixCommands, style: Style): string {
	const {before, after, changes, obstacle, machine} = fix;
	if (obstacle !== null) return `fix     none: ${obstacles[obstacle]}\n`;
	if (changes.length === 0) return 'fix     none needed\n';
	return [
		`fix     clear ${changes.map(({bdf, clear}) => `${clear.join(' ').toUpperCase()} of ${bdf}`).join(', ')}`,
		...commands.setpci.map((line) => `        ${line}`),
		...commands.acs.map((line) => `        ${line}`),
		...commands.boot.map((line) => `        ${line}`),
		'        the first lines hold until the next reset of the port, the pci= ones from boot (one of them)',
		`then    ${style.word(after.verdict)}: ${headline(machine, after)}`,
		...(fix.merged === null ? [] : [`cost    ${costOf(fix.merged)}`]),
		`        a driver of ${before.provider} that is bound already keeps the old verdict: p2p-acs --rebind ${before.provider}`,
		'',
	].join('\n');
}

const obstacles: Readonly<Record<NonNullable<Fix['obstacle']>, string>> = {
	'no-common-bridge':
		'they share no bridge below the root complex, so no port can turn the requests; put both below one switch',
	'not-read': 'what was not read may be in the way as well',
	guest: 'the ports of a guest are not the hardware',
};

function costOf(merged: readonly (readonly string[])[]): string {
	if (merged.length === 0) return 'no IOMMU groups would merge';
	const groups = merged.map((members) => members.join(' '));
	return `these would share an IOMMU group from the next boot on: ${groups.join('; ')}`;
}
