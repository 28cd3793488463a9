// SPDX-License-Identifier: MIT
// One line on stderr while bytes move: how many, how fast, how long still.

import type {Progress as State} from './native.ts';
import {bytes, rate} from './units.ts';

export class Progress {
	readonly #isShown: boolean;
	readonly #start = performance.now();
	#width = 0;

	constructor(isShown: boolean) {
		this.#isShown = isShown;
	}

	show(state: State): void {
		if (!this.#isShown) return;
		const seconds = (performance.now() - this.#start) / 1000;
		const perSecond = state.bytes / Math.max(seconds, 1e-9);
		const left =
			state.total === 0 || state.bytes === 0 ? '' : ` ${secondsLeft(state, perSecond)} s left`;
		const share = state.total === 0 ? '' : `${percent(state)} `;
		const all = state.total === 0 ? '' : `/${bytes(state.total)}`;
		const line = `${state.phase} ${share}${bytes(state.bytes)}${all} ${rate(perSecond)}${left}`;
		process.stderr.write(process.stderr.isTTY ? `\r${line.padEnd(this.#width)}` : `${line}\n`);
		this.#width = line.length;
	}

	/** Takes the line away, so that what follows starts on a clean one. */
	clear(): void {
		if (this.#width > 0 && process.stderr.isTTY)
			process.stderr.write(`\r${''.padEnd(this.#width)}\r`);
		this.#width = 0;
	}
}

function secondsLeft({bytes: done, total}: State, perSecond: number): number {
	return Math.ceil((total - done) / Math.max(perSecond, 1));
}

function percent({bytes: done, total}: State): string {
	return `${Math.floor((100 * done) / Math.max(total, 1))}%`.padStart(4);
}
