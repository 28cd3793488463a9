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
		const left = (state.total - state.bytes) / Math.max(perSecond, 1);
		const line = `${state.phase} ${percent(state)} ${bytes(state.bytes)}/${bytes(state.total)} ${rate(perSecond)} ${Math.ceil(left)} s left`;
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

function percent({bytes: done, total}: State): string {
	return `${Math.floor((100 * done) / Math.max(total, 1))}%`.padStart(4);
}
