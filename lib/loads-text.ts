// SPDX-License-Identifier: MIT
// What p2p-bench --loads and --check-memory say.

import {columns, duration, median} from './measure.ts';
import type {LoadSample, MemoryCheck} from './native.ts';
import {bytes, rate} from './units.ts';

/** Medians over the runs of one sort. Times in nanoseconds. */
export type LoadRow = Omit<LoadSample, 'count' | 'durationNs'> & {readonly bytesPerSecond: number};

export function loadRows(samples: readonly LoadSample[]): LoadRow[] {
	const keys = new Set(samples.map(({kind, memory}) => `${memory} ${kind}`));
	return [...keys].flatMap((key) => {
		const runs = samples.filter(({kind, memory}) => `${memory} ${kind}` === key);
		const of = (value: (sample: LoadSample) => number) => median(runs.map(value));
		const [first] = runs;
		if (first === undefined) return [];
		const {kind, memory, access, size} = first;
		return {
			...{kind, memory, access, size},
			bytesPerSecond: of((it) => (it.count * it.size) / (it.durationNs / 1e9)),
			clockNs: of((it) => it.clockNs),
			medianNs: of((it) => it.medianNs),
			percentile99Ns: of((it) => it.percentile99Ns),
			longestNs: of((it) => it.longestNs),
		};
	});
}

const names = {
	load: 'one load',
	'store-load': 'store and load back',
	loads: 'loads',
	stores: 'posted stores',
} as const;

export function loadsText(place: string, rows: readonly LoadRow[], isWritten: boolean): string {
	const heads = ['WHAT', 'BYTES', 'MEMORY', 'P50', 'P99', 'LONGEST', 'RATE'];
	const table = rows.map((row) => [
		names[row.kind],
		`${row.size}`,
		row.memory,
		...[row.medianNs, row.percentile99Ns, row.longestNs].map(duration),
		// Of single words the clock would be measured.
		row.size > 8 ? rate(row.bytesPerSecond) : '-',
	]);
	const clock = rows[0]?.clockNs ?? 0;
	return [
		`${place}, through ${rows[0]?.access}; a look at the clock takes ${clock} ns of each\n`,
		columns([heads, ...table], true),
		...(isWritten
			? []
			: [`stores were not measured: ${place}+0 says that they may overwrite it\n`]),
	].join('');
}

export function checkText(place: string, {length, access, patterns, durationNs}: MemoryCheck) {
	return `${place}: ${bytes(length)} through ${access} kept ${patterns.length} patterns (${patterns.join(', ')}) in ${(durationNs / 1e9).toFixed(1)} s\n`;
}

/** Which bits of a word of 64: '0-7, 12'. */
export function bitsText(mask: string): string {
	const bits = [...BigInt(mask).toString(2)].reverse();
	const set = bits.flatMap((bit, index) => (bit === '1' ? [index] : []));
	const runs: [number, number][] = [];
	for (const bit of set) {
		const last = runs.at(-1);
		if (last !== undefined && last[1] === bit - 1) last[1] = bit;
		else runs.push([bit, bit]);
	}
	return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

/** The sentence of memory that did not keep what was written. */
export function faultText(place: string, check: MemoryCheck): string {
	const {pattern = '', offset = 0, wrote, read, count = 0, bits = '0x0'} = check.faults ?? {};
	return `${place} does not keep what is written: ${count} words differ after "${pattern}", first at offset ${offset} (${wrote} was written, ${read} is read), in bits ${bitsText(bits)}`;
}
