// SPDX-License-Identifier: MIT
// Drawings with anything in them: a machine, or a sentence with the line.

import {rmSync} from 'node:fs';
import test from 'ava';
import {DrawingError, parseDrawing} from '../../lab/drawing.ts';
import {labels, place} from '../../lab/place.ts';
import {drawMachine} from '../../lab/sysfs.ts';
import {askAll, damaged, everyRound, oddWords, pick} from '../helpers/fuzz.ts';
import {type Random, randomMachine} from '../helpers/random-machine.ts';

const words = [
	...['root-port', 'host-bridge', 'upstream', 'downstream', 'bridge', 'nvme', 'ram', 'edu', 'lsi'],
	...['nic', 'display', 'function', 'machine', 'acs=', 'link=', 'domain=', 'functions=', 'size='],
	...['sriov=', 'cmb=', 'pmr=', 'namespaces=', 'lba=', 'cpu=', 'iommu=', 'kernel=', 'label:', '  '],
	...oddWords.filter((word) => word.length < 100),
];

function drawing(random: Random): string {
	const lines = randomMachine(random).split('\n');
	for (let hits = random(5); hits > 0; hits--) {
		const at = random(lines.length);
		const line = lines[at] ?? '';
		const word = pick(random, words);
		lines[at] = pick(random, [
			`${line} ${word}${pick(random, words)}`,
			`${word} ${line}`,
			line.replace(/\S+/, word),
			line.replace(/^ */, ' '.repeat(random(12))),
			damaged(random, Buffer.from(line)).toString('latin1'),
		]);
	}
	return lines.join('\n');
}

test('a drawing may hold anything', async (t) => {
	let drawn = 0;
	await everyRound(200, async (random) => {
		const text = drawing(random);
		try {
			labels(place(parseDrawing(text)));
			if (random(8) > 0) return;
			const root = drawMachine(text);
			await askAll({root});
			rmSync(root, {recursive: true});
			drawn++;
		} catch (error) {
			if (!(error instanceof DrawingError)) throw error;
			t.regex(error.message, /^line \d+: /);
		}
	});
	t.true(drawn > 0);
});
