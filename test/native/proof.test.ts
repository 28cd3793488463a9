// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import test from 'ava';

test('each sort of damage is told by its kind, offset and length', (t) => {
	const answer = execFileSync('native/build/Release/proof', {encoding: 'utf8'});
	t.regex(answer, /^\d{3,} damages\n$/);
});

test('faults, counters and error logs are read as kernels and controllers write them', (t) => {
	const answer = execFileSync('native/build/Release/witness', {encoding: 'utf8'});
	t.regex(answer, /^\d{2} readings\n$/);
});
