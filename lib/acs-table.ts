// SPDX-License-Identifier: MIT
// Ports with ACS: what is set, what that means, and who set it.

import {acsLegend, redirectsText, signsText} from './acs-bits.ts';
import {type Why, whyOf, whyText} from './acs-why.ts';
import type {AcsKept, Machine, PciFunction} from './native.ts';
import type {Style} from './style.ts';
import {table} from './table.ts';
import {isPort} from './topo-words.ts';

export type AcsRow = {readonly it: PciFunction; readonly why: Why};

/** All functions with ACS, and bridges that may have it; or, of those named, each. */
export function rowsOf(
	functions: readonly PciFunction[],
	machine: Machine,
	kept: readonly AcsKept[],
): AcsRow[] {
	const before = new Map(kept.map(({bdf, acs}) => [bdf, acs]));
	return functions.map((it) => ({it, why: whyOf(it, machine, before.get(it.bdf))}));
}

export function mayHaveAcs(it: PciFunction): boolean {
	return it.hasAcs ?? isPort(it);
}

export async function acsTable(rows: readonly AcsRow[], style: Style): Promise<string> {
	if (rows.length === 0) return 'no function has ACS\n';
	const headings = ['PORT', 'KIND', 'ACS', 'REDIRECTS', 'SET BY'].map((it) => style.strong(it));
	const cells = rows.map(({it, why}) => [
		it.bdf,
		it.role,
		bitsCell(it),
		wordsCell(it),
		whyText(why),
	]);
	const drawn = await table([headings, ...cells], {isRaw: false, rightAligned: []});
	return `${drawn}${acsLegend.map((line) => `${style.faint(line)}\n`).join('')}`;
}

export function acsJson({it, why}: AcsRow): object {
	const {bdf, path, role, iommuGroup, hasAcs, acs, acsCapability, isAcsShifted} = it;
	return {bdf, path, role, iommuGroup, hasAcs, acs, acsCapability, isAcsShifted, setBy: why};
}

function bitsCell({hasAcs, acs, acsCapability, isAcsShifted}: PciFunction): string {
	if (acs === null) return 'not read';
	if (isAcsShifted) return 'elsewhere';
	return hasAcs === false ? 'none' : signsText(acs, acsCapability ?? []);
}

function wordsCell({hasAcs, acs, isAcsShifted}: PciFunction): string {
	if (acs === null || isAcsShifted) return 'unknown';
	return hasAcs === false ? '-' : redirectsText(acs);
}
