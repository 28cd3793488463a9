// SPDX-License-Identifier: MIT
// Words of the command line: each reader gives a value or a sentence.

import test from 'ava';
import {parseBits} from '../../lib/acs-bits.ts';
import {endpointText, parseEndpoint, parsePlace, parseVia} from '../../lib/endpoint.ts';
import {bytes, parseSize, rate, shortSize} from '../../lib/units.ts';
import {damaged, everyRound, isMixed, oddWords, pick, saysSo} from '../helpers/fuzz.ts';

const starts = [
	'0000:03:00.0/ns1+4M',
	'03:00.0/bar2',
	'nvme0/cmb+0x10',
	'/dev/nvme0n1',
	'file:x',
	'4KiB',
	'rr,cr',
];

const readers: Readonly<Record<string, (word: string) => unknown>> = {
	endpoint: parseEndpoint,
	place: parsePlace,
	via: parseVia,
	size: parseSize,
	bits: (word) => parseBits('--clear', word),
};

for (const [name, read] of Object.entries(readers)) {
	test(`any word may be given for ${name}`, async (t) => {
		const endings = await everyRound(2000, (random) => {
			const start = Buffer.from(pick(random, [...starts, ...oddWords]));
			const word = random(3) === 0 ? start : damaged(random, start);
			return saysSo(() => read(word.toString('latin1').replaceAll('\0', '')));
		});
		isMixed(t, endings);
	});
}

test('an endpoint is printed as it is read', async (t) => {
	const endpoints = await everyRound(2000, (random) => {
		const word = damaged(random, Buffer.from(pick(random, starts))).toString('latin1');
		try {
			return parseEndpoint(word);
		} catch {
			return undefined;
		}
	});
	const sound = endpoints.filter((it) => it !== undefined);
	t.true(sound.length > 0);
	for (const it of sound) t.deepEqual(parseEndpoint(endpointText(it)), it);
});

test('a size is read as it was written', async (t) => {
	await everyRound(2000, (random) => {
		const size = Math.floor(2 ** random(53) * (1 + random(1000) / 1000));
		t.is(parseSize(`${size}`), size);
		t.is(parseSize(`0x${size.toString(16)}`), size);
		for (const text of [bytes(size), shortSize(size), rate(size)])
			t.notRegex(text, /NaN|undef|Inf/);
		if (/^\d+[KMGTPE]?$/.test(shortSize(size))) t.is(parseSize(shortSize(size)), size);
	});
});
