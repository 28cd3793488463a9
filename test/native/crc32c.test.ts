// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import test from 'ava';

test('CRC-32C is right for known bytes, and at any length and alignment', (t) => {
	t.is(execFileSync('native/build/Release/crc32c', {encoding: 'utf8'}), '0 wrong\n');
});
