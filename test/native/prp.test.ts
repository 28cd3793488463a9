// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import test from 'ava';

test('a controller that walks a PRP list meets just the pages of its request', (t) => {
	const answer = execFileSync('native/build/Release/prp', {encoding: 'utf8'});
	t.regex(answer, /^\d{5,} requests\n$/);
});
