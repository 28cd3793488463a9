// SPDX-License-Identifier: MIT

import test from 'ava';
import {bitsText, faultText} from '../../lib/loads-text.ts';

for (const [mask, text] of [
	['0x1', '0'],
	['0x8000000000000000', '63'],
	['0xffffffffffffffff', '0-63'],
	['0x10ff', '0-7, 12'],
	['0x30', '4-5'],
] as const)
	test(`bits of ${mask} are ${text}`, (t) => t.is(bitsText(mask), text));

test('memory that does not keep a word is named with it', (t) => {
	const faults = {
		...{pattern: 'own address', offset: 4096, count: 2},
		...{wrote: '0x1000', read: '0x1004', bits: '0x4'},
	};
	const check = {length: 8192, access: 'vfio', patterns: [], faults, durationNs: 1} as const;
	t.is(
		faultText('04:00.0/bar2+0', check),
		'04:00.0/bar2+0 does not keep what is written: 2 words differ after "own address", first at offset 4096 (0x1000 was written, 0x1004 is read), in bits 2',
	);
});
