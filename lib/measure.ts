// SPDX-License-Identifier: MIT
// What p2p-bench makes of its samples: medians of runs, as a table, as JSON and as a plot.

import type {Sample} from './native.ts';
import {element, text} from './svg.ts';
import {bytes, rate} from './units.ts';

export type Row = {
	readonly size: number;
	readonly depth: number;
	/** Bytes per second, medians over the runs. */
	readonly peer: number;
	readonly staged: number;
	readonly ratio: number;
	/** Of one request to the peer; nanoseconds. */
	readonly medianNs: number;
	readonly percentile99Ns: number;
	/** Seconds of CPU time for 10^9 bytes. */
	readonly peerCpuPerGB: number;
	readonly stagedCpuPerGB: number;
	/** Of the slowest link of the route; null where it is not known. */
	readonly share: number | null;
};

/** linkRate: what the slowest link carries, bytes per second. */
export function rowsOf(samples: readonly Sample[], linkRate: number | null): Row[] {
	const keys = new Set(samples.map(({size, depth}) => `${size} ${depth}`));
	return [...keys].map((key) => {
		const [size = 0, depth = 0] = key.split(' ').map(Number);
		const runs = samples.filter((it) => it.size === size && it.depth === depth);
		const of = (way: Sample['way'], value: (sample: Sample) => number) =>
			median(runs.filter((it) => it.way === way).map(value));
		const speed = (it: Sample) => it.bytes / (it.durationNs / 1e9);
		const cpu = (it: Sample) => it.cpuNs / it.bytes;
		const peer = of('peer', speed);
		const staged = of('staged', speed);
		return {
			size,
			depth,
			peer,
			staged,
			ratio: peer / staged,
			medianNs: of('peer', (it) => it.medianNs ?? 0),
			percentile99Ns: of('peer', (it) => it.percentile99Ns ?? 0),
			peerCpuPerGB: of('peer', cpu),
			stagedCpuPerGB: of('staged', cpu),
			share: linkRate === null ? null : peer / linkRate,
		};
	});
}

function median(numbers: readonly number[]): number {
	const sorted = [...numbers].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const heads = [
	...['SIZE', 'DEPTH', 'PEER', 'STAGED', 'RATIO', 'P50', 'P99', 'LINK'],
	...['CPU s/GB', 'STAGED s/GB'],
];

export function tableText(rows: readonly Row[]): string {
	const cells = rows.map((row) => [
		bytes(row.size),
		`${row.depth}`,
		rate(row.peer),
		rate(row.staged),
		`${row.ratio.toFixed(2)}×`,
		duration(row.medianNs),
		duration(row.percentile99Ns),
		row.share === null ? '-' : `${(100 * row.share).toFixed(0)}%`,
		row.peerCpuPerGB.toFixed(2),
		row.stagedCpuPerGB.toFixed(2),
	]);
	const widths = heads.map((head, i) =>
		Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0)),
	);
	return [heads, ...cells]
		.map((row) => `${row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  ')}\n`)
		.join('');
}

function duration(ns: number): string {
	if (ns < 1e4) return `${ns.toFixed(0)} ns`;
	return ns < 1e7 ? `${(ns / 1e3).toFixed(0)} µs` : `${(ns / 1e6).toFixed(0)} ms`;
}

const width = 640;
const height = 360;
const edge = 56;

/** Bars side by side, peer and staged, for every size and depth. */
export function plotSvg(title: string, rows: readonly Row[]): string {
	const top = Math.max(1, ...rows.flatMap(({peer, staged}) => [peer, staged]));
	const step = (width - 2 * edge) / Math.max(rows.length, 1);
	const bar = (x: number, value: number, fill: string) => {
		const tall = (value / top) * (height - 2 * edge);
		const place = {x: x.toFixed(1), y: (height - edge - tall).toFixed(1)};
		return element('rect', {
			...place,
			width: (step * 0.35).toFixed(1),
			height: tall.toFixed(1),
			fill,
		});
	};
	const label = {'font-size': 11, 'text-anchor': 'middle', fill: '#444'};
	const columns = rows.flatMap((row, i) => {
		const x = edge + i * step;
		return [
			bar(x + step * 0.12, row.peer, '#1f77b4'),
			bar(x + step * 0.5, row.staged, '#bbbbbb'),
			text([x + step / 2, height - edge + 16], `${bytes(row.size)} × ${row.depth}`, label),
			text(
				[x + step * 0.3, height - edge - (row.peer / top) * (height - 2 * edge) - 4],
				rate(row.peer),
				label,
			),
		];
	});
	return `${element(
		'svg',
		{
			xmlns: 'http://www.w3.org/2000/svg',
			viewBox: `0 0 ${width} ${height}`,
			'font-family': 'sans-serif',
		},
		element('rect', {width, height, fill: '#ffffff'}),
		text([edge, 24], title, {'font-size': 14, fill: '#222'}),
		text([edge, 42], 'blue: peer to peer · grey: through host memory · request size × depth', {
			'font-size': 11,
			fill: '#444',
		}),
		...columns,
	)}\n`;
}
