// SPDX-License-Identifier: MIT
// One line on stderr while bytes move: how many, how fast, what share of the slowest link, how long
// still. Filling, copying and verifying are each measured by themselves.

import type {CopyPlan, Progress as State} from './native.ts';
import {tell} from './output.ts';
import {bytes, rate} from './units.ts';

type Legs = Pick<CopyPlan, 'legs'>;

export class Progress {
	readonly #plan: Legs;
	/** The first that was heard of this phase; rates count from there. */
	#first: State | undefined;
	#start = 0;
	#width = 0;

	constructor(plan: Legs) {
		this.#plan = plan;
	}

	show(state: State): void {
		const now = performance.now();
		if (state.phase !== this.#first?.phase) {
			this.#first = state;
			this.#start = now;
		}
		const seconds = (now - this.#start) / 1000;
		const perSecond = seconds > 0 ? (state.bytes - this.#first.bytes) / seconds : 0;
		const line = progressLine(state, perSecond, this.#plan);
		const {isTTY, columns} = process.stderr;
		const shown = isTTY && columns > 0 ? line.slice(0, columns - 1) : line;
		tell(isTTY ? `\r${shown.padEnd(this.#width)}` : `${line}\n`);
		this.#width = shown.length;
	}

	/** Takes the line away, so that what follows starts on a clean one. */
	clear(): void {
		if (this.#width > 0 && process.stderr.isTTY) tell(`\r${''.padEnd(this.#width)}\r`);
		this.#width = 0;
	}
}

/** perSecond: bytes; 0 where that is not known yet. */
export function progressLine(state: State, perSecond: number, plan: Legs): string {
	const {phase, bytes: done, total} = state;
	const speed = perSecond > 0 ? [rate(perSecond)] : [];
	const share = phase === 'copy' && speed.length > 0 ? linkShare(plan, perSecond) : undefined;
	const rest = (total - done) / perSecond;
	return [
		phase,
		...(total === 0 ? [] : [`${Math.floor((100 * done) / total)}%`.padStart(4)]),
		total === 0 ? bytes(done) : `${bytes(done)}/${bytes(total)}`,
		...speed,
		...(share === undefined ? [] : [`(${share} of the link)`]),
		...(total === 0 || speed.length === 0 ? [] : [`${timeText(rest)} left`]),
	].join(' ');
}

/** The slowest link between the functions; undefined where no function reaches another. */
export function slowestLink(plan: Legs) {
	const links = plan.legs.flatMap(({pair}) => pair?.fabric.link ?? []);
	return links.sort((one, other) => one.bytesPerSecond - other.bytesPerSecond)[0];
}

/** '38%'; undefined for more than the link could carry, as one does that is only emulated. */
export function linkShare(plan: Legs, perSecond: number): string | undefined {
	const link = slowestLink(plan);
	const share = Math.round((100 * perSecond) / (link?.bytesPerSecond ?? 0));
	return share <= 100 ? `${share}%` : undefined;
}

function timeText(seconds: number): string {
	if (seconds < 100) return `${Math.ceil(seconds)} s`;
	return seconds < 6000 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
