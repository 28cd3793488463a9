// SPDX-License-Identifier: MIT
import test from 'ava';
import {lastLoop, measureLoop} from '../../bench/loop.ts';

test('the loop takes no more instructions a request than it did, by more than a tenth', (t) => {
	const now = measureLoop();
	t.log(JSON.stringify(now));
	for (const size of ['4096', '131072'] as const)
		t.true(
			now[size] <= lastLoop[size] * 1.1,
			`${now[size]} at ${size} bytes, ${lastLoop[size]} before`,
		);
});
