// SPDX-License-Identifier: MIT
// Runs in the guest: starts copies and ends each with a signal at a random moment, from before the
// program is up to after its end. Prints a line of JSON for each that did not end as it should, then
// how many ended in which way. Words: COUNT SEED FUNCTIONS LINE…, where FUNCTIONS, with commas
// between, have to be without Bus Master after each, and a LINE is a copy's operands and options.

import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';

const [count = '', seed = '', functions = '', ...lines] = process.argv.slice(2);
const signals = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;
const endings: Record<string, number> = {};

/** Numerical Recipes' generator: the same seed gives the same run. */
let state = Number(seed) >>> 0;
function random(): number {
	state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
	return state / 2 ** 32;
}

type Ending = {readonly how: string; readonly stderr: string; readonly ms: number};

function run(words: readonly string[], signal: NodeJS.Signals, delayMs: number): Promise<Ending> {
	const start = Date.now();
	const child = spawn('p2p-copy', words, {stdio: ['ignore', 'ignore', 'pipe']});
	let stderr = '';
	child.stderr.on('data', (text) => {
		stderr += text;
	});
	const timer = setTimeout(() => child.kill(signal), delayMs);
	return new Promise((resolve) => {
		child.on('close', (status, by) => {
			clearTimeout(timer);
			resolve({how: by ?? `${status}`, stderr, ms: Date.now() - start});
		});
	});
}

function isMaster(bdf: string): boolean {
	return ((readFileSync(`/sys/bus/pci/devices/${bdf}/config`)[4] ?? 0) & 4) !== 0;
}

const longest = new Map<string, number>();
for (const line of lines) {
	const whole = await run(line.split(' '), 'SIGKILL', 120_000);
	if (whole.how !== '0') console.log(JSON.stringify({line, ...whole}));
	longest.set(line, whole.ms);
}
for (let index = 0; index < Number(count); index++) {
	const line = lines[index % lines.length] ?? '';
	const signal = signals[Math.floor(index / lines.length) % signals.length] ?? 'SIGINT';
	const delayMs = random() * (longest.get(line) ?? 0);
	const ending = await run(line.split(' '), signal, delayMs);
	endings[ending.how] = (endings[ending.how] ?? 0) + 1;
	const masters = functions.split(',').filter(isMaster);
	const isRight = (ending.how === signal || ending.how === '0') && ending.stderr === '';
	if (!isRight || masters.length > 0)
		console.log(JSON.stringify({line, signal, delayMs, masters, ...ending}));
}
console.log(JSON.stringify(endings));
