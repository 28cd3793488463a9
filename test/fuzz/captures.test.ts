// SPDX-License-Identifier: MIT
// Captures that somebody changed: what is no sound one is refused in a sentence, and the core can
// live with the rest, whose capture is sound again.

import test from 'ava';
import {captureText, parseCapture} from '../../lib/capture.ts';
import {native} from '../../lib/native.ts';
import {askAll, damaged, everyRound, isMixed, oddWords, pick, saysSo} from '../helpers/fuzz.ts';
import {machine} from '../helpers/machine.ts';
import {type Random, randomMachine, seeded} from '../helpers/random-machine.ts';

type Node = Record<string, unknown>;

const oddNumbers: readonly number[] = [
	...[-1, 0, 1, 0.5, 63, 255, 256, 4096, 65535, 65536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32],
	...[2 ** 53 - 1, 2 ** 53, 1e300, -1e300],
];
const oddValues: readonly unknown[] = [
	...oddNumbers,
	...[null, true, false, [], {}, '0x0', '0xffffffffffffffff', '..', 'ff', 'ff'.repeat(4096)],
	...oddWords,
];

/** Puts something odd, or something from elsewhere, into one place of it. */
function change(random: Random, root: Node): void {
	let node = root;
	for (;;) {
		const name = pick(random, Object.keys(node));
		const below = node[name];
		const isLeaf = typeof below !== 'object' || below === null || Object.keys(below).length === 0;
		if (!isLeaf && random(8) > 0) {
			node = below as Node;
			continue;
		}
		if (random(6) === 0) delete node[name];
		else if (random(4) === 0) node[name] = structuredClone(elsewhere(random, root));
		else if (typeof below === 'number') node[name] = pick(random, oddNumbers);
		else node[name] = pick(random, oddValues);
		return;
	}
}

function elsewhere(random: Random, root: Node): unknown {
	let node: unknown = root;
	while (typeof node === 'object' && node !== null && random(4) > 0) {
		const names = Object.keys(node);
		if (names.length === 0) return node;
		node = (node as Node)[pick(random, names)];
	}
	return node === root ? null : node;
}

for (const shape of [1, 2, 3]) {
	test(`a capture of machine ${shape} may hold anything`, async (t) => {
		const root = machine(t, randomMachine(seeded(shape)));
		const text = captureText(await native.capture({root}));
		const endings = await everyRound(80, async (random) => {
			const capture = JSON.parse(text) as Node;
			const functions = capture.functions as Node[];
			for (let hits = 1 + random(2); hits > 0; hits--)
				change(random, random(5) === 0 ? capture : pick(random, functions));
			let again: string | undefined;
			const isSound = await saysSo(async () => {
				again = await askAll({capture: parseCapture('it', JSON.stringify(capture))});
			});
			if (again !== undefined) parseCapture('the capture of it', again);
			return isSound;
		});
		isMixed(t, endings);
	});
}

test('the text of a capture may be damaged', async (t) => {
	const root = machine(t, 'root-port acs=rr\n  nvme\nroot-port\n  ram 1M');
	const text = Buffer.from(captureText(await native.capture({root})));
	const endings = await everyRound(100, (random) => {
		const hurt = damaged(random, text).toString('utf8');
		return saysSo(() => askAll({capture: parseCapture('it', hurt)}));
	});
	isMixed(t, endings);
});
