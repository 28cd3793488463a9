// SPDX-License-Identifier: MIT
// What p2p-disk says of its disk, and what COMMAND inherits from it.

import {describeUses} from './describe-uses.ts';
import type {DiskReport} from './native.ts';
import {bytes} from './units.ts';

type Named = {readonly provider: string; readonly readOnly: boolean};

export function diskText(disk: DiskReport, {provider, readOnly}: Named): string {
	const rights = readOnly ? ', read-only' : '';
	return lines([
		[
			'disk',
			`${disk.path}, ${disk.length} bytes (${bytes(disk.length)})${rights}, by ${disk.driver}`,
		],
		['memory', `bar${disk.bar}+${disk.start} of ${disk.function}, through ${disk.access}`],
		['moved by', 'the CPU: other functions reach no such disk directly (EREMOTEIO)'],
		['directly', `p2p-copy to or from ${provider}, once this has ended`],
		['end', 'Ctrl-C, once nobody has the disk open'],
	]);
}

export function diskJson(disk: DiskReport, {provider, readOnly}: Named): unknown {
	const {uses: _, ...facts} = disk;
	return {version: 1, provider, readOnly, ...facts};
}

export function diskFacts({path}: DiskReport): Readonly<Record<string, string>> {
	return {P2P_DISK: path};
}

/** Why it does not end yet. */
export function waitingText({path, uses}: DiskReport): string {
	const facts = uses.flatMap((use, index) =>
		Object.entries(use).map(([name, fact]) => [`${index}.${name}`, fact] as const),
	);
	const {text, hints} = describeUses({uses: `${uses.length}`, ...Object.fromEntries(facts)});
	const ways = [...hints, 'Ctrl-C once more   removes it all the same'];
	return [
		`${path} stays until nobody has it: ${text}\n`,
		...ways.map((way, index) => `  ${index === 0 ? 'Try:' : '    '} ${way}\n`),
	].join('');
}

function lines(rows: readonly (readonly [string, string])[]): string {
	return rows.map(([name, text]) => `${name.padEnd(10)} ${text}\n`).join('');
}
