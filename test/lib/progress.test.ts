// SPDX-License-Identifier: MIT
import test from 'ava';
import type {CopyPlan, Progress} from '../../lib/native.ts';
import {progressLine} from '../../lib/progress.ts';

const MiB = 2 ** 20;

/** A plan whose legs have links of so many bytes a second; null: not known. */
function plan(...links: readonly (number | null)[]): CopyPlan {
	const legs = links.map((bytesPerSecond) => ({
		pair: {fabric: {link: bytesPerSecond === null ? null : {bytesPerSecond}}},
	}));
	return {legs} as unknown as CopyPlan;
}

const cases: readonly (readonly [Progress, number, CopyPlan, string])[] = [
	[{phase: 'copy', bytes: 0, total: 64 * MiB}, 0, plan(), 'copy   0% 0 bytes/64 MiB'],
	[
		{phase: 'copy', bytes: 16 * MiB, total: 64 * MiB},
		...([
			8 * MiB,
			plan(16e6),
			'copy  25% 16 MiB/64 MiB 8.4 MB/s (52% of the link) 6 s left',
		] as const),
	],
	// The slower of two legs; what is not known is left out.
	[
		{phase: 'copy', bytes: 16 * MiB, total: 64 * MiB},
		...([
			8 * MiB,
			plan(32e6, null, 16e6),
			'copy  25% 16 MiB/64 MiB 8.4 MB/s (52% of the link) 6 s left',
		] as const),
	],
	// Only copying uses it as the plan says; an emulated link carries more than it could.
	[
		{phase: 'verify', bytes: 16 * MiB, total: 64 * MiB},
		...([8 * MiB, plan(16e6), 'verify  25% 16 MiB/64 MiB 8.4 MB/s 6 s left'] as const),
	],
	[
		{phase: 'copy', bytes: 16 * MiB, total: 64 * MiB},
		...([8 * MiB, plan(8e6), 'copy  25% 16 MiB/64 MiB 8.4 MB/s 6 s left'] as const),
	],
	// A pipe has no end that one could know.
	[{phase: 'copy', bytes: 16 * MiB, total: 0}, 8 * MiB, plan(), 'copy 16 MiB 8.4 MB/s'],
	[
		{phase: 'copy', bytes: MiB, total: 2 ** 34},
		...([MiB, plan(), 'copy   0% 1 MiB/16 GiB 1.0 MB/s 5 h left'] as const),
	],
	[
		{phase: 'copy', bytes: 2 ** 30, total: 2 ** 34},
		...([2 ** 30 / 60, plan(), 'copy   6% 1 GiB/16 GiB 17.9 MB/s 15 min left'] as const),
	],
	[
		{phase: 'copy', bytes: 64 * MiB, total: 64 * MiB},
		...([32 * MiB, plan(), 'copy 100% 64 MiB/64 MiB 33.6 MB/s 0 s left'] as const),
	],
];

for (const [index, [state, perSecond, its, line]] of cases.entries())
	test(`${index}: ${line}`, (t) => t.is(progressLine(state, perSecond, its), line));
