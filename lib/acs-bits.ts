// SPDX-License-Identifier: MIT
// The bits of an ACS control register: letters as people type and read them, words for what they do.

import {Failure} from './failure.ts';

/** In the register's order, from bit 0. */
export const acsBits = ['sv', 'tb', 'rr', 'cr', 'uf', 'ec', 'dt'] as const;

export const acsLegend = [
	'SV source validation, TB translation blocking, UF upstream forwarding, DT direct translated;',
	'RR request redirect, CR completion redirect, EC egress control: these send peers to the root complex',
];

/** 'rr,cr' of an option, in the register's order. */
export function parseBits(option: string, text: string): string[] {
	const words = text.toLowerCase().split(',');
	const unknown = words.find((word) => !acsBits.some((bit) => bit === word));
	if (unknown !== undefined) {
		throw new Failure(
			`${option}: there is no ACS bit '${unknown}'; there are ${acsBits.join(', ')}`,
		);
	}
	return acsBits.filter((bit) => words.includes(bit));
}

/** 'SV RR CR UF', or 'none'. */
export function bitsText(bits: readonly string[]): string {
	return bits.length === 0 ? 'none' : bits.join(' ').toUpperCase();
}

/** 'SV+ TB- RR+', each bit that the port has. */
export function signsText(bits: readonly string[], capability: readonly string[]): string {
	const known = acsBits.filter((bit) => capability.includes(bit) || bits.includes(bit));
	return known.map((bit) => `${bit.toUpperCase()}${bits.includes(bit) ? '+' : '-'}`).join(' ');
}

/** 'requests and completions'. */
export function redirectsText(bits: readonly string[]): string {
	const words = [
		...(bits.includes('rr') ? ['requests'] : []),
		...(bits.includes('cr') ? ['completions'] : []),
		...(bits.includes('ec') ? ['requests by egress control'] : []),
	];
	return words.length === 0 ? 'nothing' : words.join(' and ');
}
