// SPDX-License-Identifier: MIT
// Pairs that are measured: one by itself, or a table of clients and the memory they reach.

import type {Pair} from './bench-order.ts';
import {columns, type Row, rowsOf} from './measure.ts';
import {type BenchOrder, type CopyPlan, native, type Sample} from './native.ts';
import {endBySignal} from './signals.ts';
import {readRunning} from './supply.ts';
import {bytes, rate} from './units.ts';

export type Measured = {
	readonly title: string;
	readonly plan: CopyPlan;
	readonly samples: readonly Sample[];
	readonly rows: readonly Row[];
};

/** What became of one pair of the table. */
export type Cell = Pair & {
	readonly client: string;
	readonly provider: string;
	readonly isWrite: boolean;
	readonly verdict: string;
	/** null where the verdict refuses. */
	readonly measured: Measured | null;
};

export async function measurePair(order: BenchOrder): Promise<Measured> {
	const samples: Sample[] = [];
	const job = native.bench(await readRunning(), order, (sample) => samples.push(sample));
	const plan = await endBySignal(job, () => {});
	return {title: titleOf(plan), plan, samples, rows: rowsOf(samples, slowestLink(plan))};
}

/** A pair that the verdict refuses is an answer here. */
export async function measureCell(pair: Pair, order: BenchOrder): Promise<Cell> {
	const isWrite = order.to.kind === 'ns';
	const [client, provider] = isWrite
		? [order.to.name, order.from.name]
		: [order.from.name, order.to.name];
	const {pairs} = await native.check(await readRunning(), [[client, provider]]);
	const [verdict] = pairs;
	const known = {
		...pair,
		client: verdict?.client ?? client,
		provider: verdict?.provider ?? provider,
		isWrite,
		verdict: verdict?.verdict ?? 'unknown',
	};
	try {
		return {...known, measured: await measurePair(order)};
	} catch (error) {
		if (!refusals.includes((error as {code?: string}).code ?? '')) throw error;
		return {...known, measured: null};
	}
}

const refusals = ['P2P_REFUSED', 'P2P_UNKNOWN'];

export function matrixJson(cells: readonly Cell[]): unknown {
	const pairs = cells.map(({from, to, client, provider, isWrite, verdict, measured}) => ({
		...{from, to, client, provider, direction: isWrite ? 'write-disk' : 'read-disk', verdict},
		plan: measured?.plan ?? null,
		rows: measured?.rows ?? [],
		samples: measured?.samples ?? [],
	}));
	return {version: 1, pairs};
}

/** A table for each size and depth, and for each direction: a row for each disk. */
export function matrixText(cells: readonly Cell[]): string {
	const shapes = cells.find(({measured}) => measured !== null)?.measured?.rows ?? [];
	const tables = [false, true].flatMap((isWrite) => {
		const some = cells.filter((cell) => cell.isWrite === isWrite);
		if (some.length === 0) return [];
		if (shapes.length === 0) return [table(some, isWrite, null)];
		return shapes.map((shape) => table(some, isWrite, shape));
	});
	return tables.join('\n');
}

function table(cells: readonly Cell[], isWrite: boolean, shape: Row | null): string {
	const disk = (cell: Cell) => (isWrite ? cell.to : cell.from);
	const memory = (cell: Cell) => (isWrite ? cell.from : cell.to);
	const disks = [...new Set(cells.map(disk))];
	const memories = [...new Set(cells.map(memory))];
	const rows = disks.map((name) => [
		name,
		...memories.map((other) =>
			cellText(
				cells.find((cell) => disk(cell) === name && memory(cell) === other),
				shape,
			),
		),
	]);
	const way = isWrite ? 'memory → disk' : 'disk → memory';
	const requests = shape === null ? '' : `, ${bytes(shape.size)}, ${shape.depth} under way`;
	return `${way}${requests}: peer to peer, and as many times staged\n${columns([['', ...memories], ...rows], true)}`;
}

function cellText(cell: Cell | undefined, shape: Row | null): string {
	const row = cell?.measured?.rows.find(
		({size, depth}) => size === shape?.size && depth === shape.depth,
	);
	return row === undefined ? (cell?.verdict ?? '') : `${rate(row.peer)} ${row.ratio.toFixed(2)}×`;
}

function titleOf(plan: CopyPlan): string {
	const [leg] = plan.legs;
	const [from, to] = [plan.from.function, plan.to.function];
	const verdicts = [...new Set(plan.legs.map(({pair}) => pair?.verdict))].join(' and ');
	const by = plan.legs.length > 1 ? ` by ${leg?.client}, ${leg?.engine}` : '';
	return `${from} → ${to}${by}: ${verdicts}, iova by ${plan.addressKind}`;
}

/** Bytes per second; null where one of the links is not known. */
function slowestLink(plan: CopyPlan): number | null {
	const rates = plan.legs.map(({pair}) => pair?.fabric.link?.bytesPerSecond ?? null);
	const known = rates.filter((it) => it !== null);
	return known.length === rates.length && known.length > 0 ? Math.min(...known) : null;
}
