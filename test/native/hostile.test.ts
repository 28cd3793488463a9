// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import test from 'ava';

test('what a controller writes that is not so is told, or refused', (t) => {
	const answer = execFileSync('native/build/Release/hostile', {encoding: 'utf8'});
	t.regex(answer, /^\d{2} lies\n$/);
});

test('copies beside controllers, progress and a stop are right', (t) => {
	const answer = execFileSync('native/build/Release/threads', {encoding: 'utf8'});
	t.is(answer, `${16 << 20} bytes\n`);
});
