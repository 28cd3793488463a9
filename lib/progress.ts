// SPDX-License-Identifier: MIT
// One line on stderr while bytes move: how many, how fast, what share of the slowest link, how long
// still. Filling, copying and verifying are each measured by themselves.

import type {CopyPlan, Progress as State} from './native.ts';
import {tell} from './output.ts';
import {bytes, rate} from './units.ts';

export class Progress {
	readonly #plan: CopyPlan;
	#phase: State['phase'] | undefined;
	#start = 0;
	#width = 0;

	constructor(plan: CopyPlan) {
		this.#plan = plan;
	}

	show(state: State): void {
		if (state.phase !== this.#phase) {
			this.#phase = state.phase;
			this.#start = performance.now();
		}
		const line = progressLine(state, (performance.now() - this.#start) / 1000, this.#plan);
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

/** seconds: since the phase began. */
export function progressLine(state: State, seconds: number, plan: CopyPlan): string {
	const {phase, bytes: done, total} = state;
	const perSecond = done / Math.max(seconds, 1e-9);
	const speed = done === 0 || seconds <= 0 ? [] : [rate(perSecond)];
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
export function slowestLink(plan: CopyPlan) {
	const links = plan.legs.flatMap(({pair}) => pair?.fabric.link ?? []);
	return links.sort((one, other) => one.bytesPerSecond - other.bytesPerSecond)[0];
}

/** '38%'; undefined for more than the link could carry, as one does that is only emulated. */
export function linkShare(plan: CopyPlan, perSecond: number): string | undefined {
	const link = slowestLink(plan);
	const share = Math.round((100 * perSecond) / (link?.bytesPerSecond ?? 0));
	return share <= 100 ? `${share}%` : undefined;
}

function timeText(seconds: number): string {
	if (seconds < 100) return `${Math.ceil(seconds)} s`;
	return seconds < 6000 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
