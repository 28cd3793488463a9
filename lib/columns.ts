// SPDX-License-Identifier: MIT
// The columns of p2p-list: for people, and as values for --json.

import {className, memoryOf, memoryText, partsOf} from './function.ts';
import type {PciFunction} from './native.ts';
import {linkText} from './units.ts';

export type Column = {
	readonly name: string;
	readonly isRight?: boolean;
	readonly text: (it: PciFunction) => string;
	readonly json: (it: PciFunction) => unknown;
};

export const defaultColumns: readonly string[] = [
	...['FUNCTION', 'CLASS', 'NAME', 'DRIVER', 'GROUP', 'NUMA', 'LINK', 'MEMORY', 'CAN'],
];

/** With the ports, and so with what they do. */
export const treeColumns: readonly string[] = [
	...['FUNCTION', 'CLASS', 'NAME', 'DRIVER', 'GROUP', 'NUMA', 'LINK', 'ACS', 'MEMORY', 'CAN'],
];

export const columns: Readonly<Record<string, Column>> = Object.fromEntries(
	[
		plain('FUNCTION', ({bdf}) => bdf),
		plain('CLASS', className),
		list('NAME', ({names}) => names),
		plain('DRIVER', ({driver}) => driver),
		{...plain('GROUP', ({iommuGroup}) => iommuGroup), isRight: true},
		{...plain('NUMA', ({numaNode}) => numaNode), isRight: true},
		{
			name: 'LINK',
			text: linkOf,
			json: ({link, maxLink}: PciFunction) => ({now: link, max: maxLink}),
		},
		{
			name: 'MEMORY',
			text: (it: PciFunction) => memoryText(it) || nothing,
			json: memoryOf,
		},
		list('CAN', partsOf),
		plain('ENGINE', ({engine}) => engine),
		plain('ROLE', ({role}) => role),
		plain('ID', ({vendor, device}) => `${hex(vendor)}:${hex(device)}`),
		plain('PATH', ({path}) => path),
		{...plain('SLOT', ({slot}) => slot), isRight: true},
		{
			name: 'ACS',
			text: acsText,
			json: ({acs, hasAcs}: PciFunction) => (hasAcs === false ? false : acs),
		},
		plain('STATE', ({powerState}) => powerState),
		plain('PHYSFN', ({physfn}) => physfn),
	].map((column): [string, Column] => [column.name, column]),
);

/** What is not there or not known is a dash, so that raw columns can be counted. */
const nothing = '-';

function plain(name: string, value: (it: PciFunction) => string | number | null): Column {
	return {name, text: (it) => String(value(it) ?? nothing), json: value};
}

function list(name: string, value: (it: PciFunction) => readonly string[]): Column {
	return {name, text: (it) => value(it).join(',') || nothing, json: value};
}

function linkOf({link, maxLink}: PciFunction): string {
	const now = linkText(link);
	const max = linkText(maxLink);
	if (now === undefined) return nothing;
	return max === undefined || max === now ? now : `${now} of ${max}`;
}

function acsText({acs, hasAcs}: PciFunction): string {
	if (acs === null) return 'unknown';
	if (hasAcs === false) return nothing;
	return acs.join(',') || '0';
}

function hex(id: number): string {
	return id.toString(16).padStart(4, '0');
}
