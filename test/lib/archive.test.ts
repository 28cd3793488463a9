// SPDX-License-Identifier: MIT
// Packed files that came damaged: what is whole is given, else one sentence is.

import {gzipSync} from 'node:zlib';
import test from 'ava';
import {decompress} from '../../lib/archive.ts';
import {Failure} from '../../lib/failure.ts';
import {seeded} from '../helpers/random-machine.ts';

const text = Buffer.from(
	'00:00.0 Host bridge: Maker Root\n\tControl: Mem+ BusMaster+\n'.repeat(200),
);
const members = Buffer.concat([gzipSync(text), gzipSync(text)]);

test('members in a row are one text', (t) => {
	t.deepEqual(decompress('a file', members), Buffer.concat([text, text]));
});

test('a file that was cut gives what it has', (t) => {
	const got = decompress('a file', members.subarray(0, -40));
	t.deepEqual(got, Buffer.concat([text, text]).subarray(0, got.length));
	t.true(got.length >= text.length);
});

test('a damaged file gives bytes or a sentence', (t) => {
	const random = seeded(11);
	for (let round = 0; round < 2000; round++) {
		const hurt = Buffer.from(members);
		for (let hits = 1 + random(4); hits > 0; hits--)
			hurt[2 + random(hurt.length - 2)] = random(256);
		try {
			t.true(Buffer.isBuffer(decompress('a file', hurt.subarray(0, random(2 * hurt.length)))));
		} catch (error) {
			t.true(error instanceof Failure);
		}
	}
});
