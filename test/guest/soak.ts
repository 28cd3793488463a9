// SPDX-License-Identifier: MIT
// Runs in the guest: random copies between all sorts of ends in one process, each proved, and each
// made in a model of the ends besides. Prints what was done, what grew, and what every end holds now
// by the model, as JSON. Words: SECONDS SEED DISK OTHER MEM RING EDU.

import {createHash, randomFillSync} from 'node:crypto';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {type CopyOrder, native, type Place, type Read} from '../../lib/native.ts';

const [seconds = '', seed = '', ...functions] = process.argv.slice(2);
const [disk = '', other = '', mem = '', ring = '', edu = ''] = functions;
const MiB = 1 << 20;

type End = {readonly place: Place; readonly model: Buffer; readonly unit: number};

const end = (name: string, kind: Place['kind'], index: number, size: number): End => ({
	place: {name, kind, index, offset: 0},
	model: Buffer.alloc(size),
	unit: kind === 'ns' ? 512 : 4,
});

const ends: Readonly<Record<string, End>> = {
	disk: end(disk, 'ns', 1, 16 * MiB),
	other: end(other, 'ns', 1, 16 * MiB),
	mem: end(mem, 'bar', 2, 16 * MiB),
	cmb: end(disk, 'cmb', 0, 4 * MiB),
	file: end('/tmp/soak', 'file', 0, 8 * MiB),
};

/** Mulberry32: the same seed gives the same copies. */
let state = Number(seed) >>> 0;
function random(below: number): number {
	state = (state + 0x6d2b79f5) >>> 0;
	let mixed = Math.imul(state ^ (state >>> 15), state | 1);
	mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
	return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}

function pick<T>(list: readonly T[]): T {
	return list[random(list.length)] as T;
}

const order: CopyOrder = {
	from: {name: '', kind: 'file', index: 0, offset: 0},
	to: {name: '', kind: 'file', index: 0, offset: 0},
	via: null,
	engine: '',
	staged: false,
	width: 0,
	length: null,
	verify: 'full',
	pattern: null,
	allowed: {},
	mechanism: '',
	overwriteSignature: true,
	pictures: {format: '', width: 0, height: 0, frames: 0},
	queues: 1,
	depth: 64,
	timeoutNs: 30e9,
};

/** A stretch of both, whole units long, that does not overlap where both are the same. */
function stretch(from: End, to: End): {start: number; at: number; length: number} {
	const unit = Math.max(from.unit, to.unit);
	const half = from === to ? 2 : 1;
	// A file that is written from its start is cut to what is written.
	const first = to.place.kind === 'file' ? unit : 0;
	const most = Math.min(from.model.length, to.model.length - first) / half;
	const length = unit * (1 + random(Math.floor(most / unit / (1 + random(64)))));
	const room = (size: number) => Math.floor((size / half - length) / unit) + 1;
	return {
		start: unit * random(room(from.model.length)),
		at:
			first + (half === 2 ? to.model.length / 2 : 0) + unit * random(room(to.model.length - first)),
		length,
	};
}

/** How the bytes go, where there is a choice. */
function way(from: End, to: End): Partial<CopyOrder> {
	const isMemory = (one: End) => one.place.kind === 'bar' || one.place.kind === 'cmb';
	if (isMemory(from) && isMemory(to))
		return random(2) === 0 ? {staged: true} : {engine: edu, length: 4 * (1 + random(4096))};
	if (random(6) === 0) return {staged: true};
	const isBetween = from.place.kind === 'ns' && to.place.kind === 'ns';
	return isBetween ? {via: {name: ring, kind: 'bar', index: 2, offset: 0}} : {};
}

async function copyOnce(source: Read, from: End, to: End): Promise<number> {
	const {start, at, length} = stretch(from, to);
	const chosen: CopyOrder = {
		...order,
		from: {...from.place, offset: start},
		to: {...to.place, offset: at},
		length,
		verify: random(3) === 0 ? 'sample' : 'full',
		queues: 1 + random(3),
		depth: 2 ** random(8),
		...way(from, to),
	};
	const moved = Math.min(length, chosen.length ?? length);
	try {
		const {result} = await native.copy(source, {...chosen, length: moved}, () => {}).result;
		if (result.mismatch !== null || result.bytes !== moved) throw new Error(JSON.stringify(result));
	} catch (error) {
		console.error(JSON.stringify(chosen));
		throw error;
	}
	from.model.copy(to.model, at, start, start + moved);
	return moved;
}

type Held = {
	readonly rss: number;
	readonly files: number;
	readonly maps: number;
	readonly locked: number;
};

/** What this process holds, once nothing is under way; bytes, and numbers. */
function held(): Held {
	(globalThis as {gc?: () => void}).gc?.();
	const status = readFileSync('/proc/self/status', 'utf8');
	const kilobytes = (name: string) =>
		Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
	return {
		rss: kilobytes('VmRSS') * 1024,
		files: readdirSync('/proc/self/fd').length,
		maps: readFileSync('/proc/self/maps', 'utf8').split('\n').length,
		locked: (kilobytes('VmLck') + kilobytes('VmPin')) * 1024,
	};
}

const list = Object.values(ends);
const file = ends.file as End;
const source = await native.read({root: ''});

// Every end starts with bytes that nothing else holds.
for (const one of list) {
	randomFillSync(file.model);
	writeFileSync(file.place.name, file.model);
	if (one === file) continue;
	for (let at = 0; at < one.model.length; at += file.model.length) {
		const length = Math.min(file.model.length, one.model.length - at);
		const to = {...one.place, offset: at};
		await native.copy(source, {...order, from: file.place, to, length}, () => {}).result;
		file.model.copy(one.model, at, 0, length);
	}
}

const begin = Date.now();
const lasts = Number(seconds) * 1000;
let [copies, bytes] = [0, 0];
let warm: Held | undefined;
while (Date.now() - begin < lasts || copies < 40) {
	const from = pick(list);
	const to = from === file ? pick(list.filter((one) => one !== file)) : pick(list);
	bytes += await copyOnce(source, from, to);
	copies++;
	// Heaps and caches have found their size by then.
	if (warm === undefined && copies >= 20 && Date.now() - begin > lasts / 4) warm = held();
}

const sums = Object.entries(ends).map(([name, {model}]) => [
	name,
	createHash('sha256').update(model).digest('hex'),
]);
console.log(JSON.stringify({copies, bytes, warm, end: held(), sums: Object.fromEntries(sums)}));
