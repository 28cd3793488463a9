// SPDX-License-Identifier: MIT
// What p2p-bench makes of its samples: medians of runs, as a table, as JSON and as a plot.

import type {Sample} from './native.ts';
import {element, text} from './svg.ts';
import {bytes, rate} from './units.ts';

/** Medians over the runs. Speeds in bytes per second, times of requests in nanoseconds. */
export type Row = {
	readonly size: number;
	readonly depth: number;
	readonly peer: number;
	readonly staged: number;
	/** The client with host memory, nobody copying. */
	readonly host: number;
	readonly ratio: number;
	/** Of one request to the peer; null where too few finished for it. */
	readonly medianNs: number;
	readonly percentile99Ns: number;
	readonly percentile999Ns: number | null;
	readonly longestNs: number;
	/** Of one request through host memory, until the CPU has done its half. */
	readonly stagedMedianNs: number;
	readonly stagedPercentile99Ns: number;
	readonly stagedLongestNs: number;
	/** Seconds of CPU time for 10^9 bytes. */
	readonly peerCpuPerGB: number;
	readonly stagedCpuPerGB: number;
	readonly hostCpuPerGB: number;
	/** Of the slowest link of the route; null where it is not known. */
	readonly share: number | null;
};

/** linkRate: what the slowest link carries, bytes per second. */
export function rowsOf(samples: readonly Sample[], linkRate: number | null): Row[] {
	const keys = new Set(samples.map(({size, depth}) => `${size} ${depth}`));
	return [...keys].map((key) => {
		const [size = 0, depth = 0] = key.split(' ').map(Number);
		return rowOf(
			samples.filter((it) => it.size === size && it.depth === depth),
			linkRate,
		);
	});
}

function rowOf(runs: readonly Sample[], linkRate: number | null): Row {
	const {size = 0, depth = 0} = runs[0] ?? {};
	const of = (way: Sample['way'], value: (sample: Sample) => number) =>
		median(runs.filter((it) => it.way === way).map(value));
	const isLong = runs.every(({way, percentile999Ns}) => way !== 'peer' || percentile999Ns !== null);
	const peer = of('peer', speed);
	const staged = of('staged', speed);
	return {
		size,
		depth,
		peer,
		staged,
		host: of('host', speed),
		ratio: peer / staged,
		medianNs: of('peer', (it) => it.medianNs ?? 0),
		percentile99Ns: of('peer', (it) => it.percentile99Ns ?? 0),
		percentile999Ns: isLong ? of('peer', (it) => it.percentile999Ns ?? 0) : null,
		longestNs: of('peer', (it) => it.longestNs ?? 0),
		stagedMedianNs: of('staged', (it) => it.medianNs ?? 0),
		stagedPercentile99Ns: of('staged', (it) => it.percentile99Ns ?? 0),
		stagedLongestNs: of('staged', (it) => it.longestNs ?? 0),
		peerCpuPerGB: of('peer', cpu),
		stagedCpuPerGB: of('staged', cpu),
		hostCpuPerGB: of('host', cpu),
		share: linkRate === null ? null : peer / linkRate,
	};
}

const speed = (it: Sample) => it.bytes / (it.durationNs / 1e9);
const cpu = (it: Sample) => it.cpuNs / it.bytes;

export function median(numbers: readonly number[]): number {
	const sorted = [...numbers].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const speedHeads = [
	...['SIZE', 'DEPTH', 'PEER', 'STAGED', 'HOST', 'RATIO', 'LINK'],
	...['CPU s/GB', 'STAGED s/GB', 'HOST s/GB'],
];

const latencyHeads = [
	...['SIZE', 'DEPTH', 'PEER P50', 'P99', 'P99.9', 'LONGEST'],
	...['STAGED P50', 'P99', 'LONGEST'],
];

/** Speeds, and below them how long requests took. */
export function tableText(rows: readonly Row[]): string {
	const speeds = rows.map((row) => [
		...shape(row),
		...[rate(row.peer), rate(row.staged), rate(row.host), `${row.ratio.toFixed(2)}×`],
		row.share === null ? '-' : `${(100 * row.share).toFixed(0)}%`,
		...[row.peerCpuPerGB, row.stagedCpuPerGB, row.hostCpuPerGB].map((it) => it.toFixed(2)),
	]);
	const latencies = rows.map((row) => [
		...shape(row),
		...[row.medianNs, row.percentile99Ns, row.percentile999Ns, row.longestNs].map(duration),
		...[row.stagedMedianNs, row.stagedPercentile99Ns, row.stagedLongestNs].map(duration),
	]);
	return `${columns([speedHeads, ...speeds])}\n${columns([latencyHeads, ...latencies])}`;
}

const shape = ({size, depth}: Row) => [bytes(size), `${depth}`];

/** Cells side by side, aligned to the right but for the first of names. */
export function columns(rows: readonly (readonly string[])[], hasNames = false): string {
	const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
	const pad = (cell: string, i: number) =>
		hasNames && i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
	return rows.map((row) => `${row.map(pad).join('  ')}\n`).join('');
}

export function duration(ns: number | null): string {
	if (ns === null) return '-';
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
