// SPDX-License-Identifier: MIT
import test from 'ava';
import {bytes, linkText, parseSize, rate, shortSize} from '../../lib/units.ts';

for (const [text, count] of [
	['0', 0],
	['513', 513],
	['4K', 4096],
	['4k', 4096],
	['1M', 2 ** 20],
	['1MiB', 2 ** 20],
	['1MB', 1e6],
	['2G', 2 ** 31],
	['0x1000', 4096],
] as const) {
	test(`${text} is ${count} bytes`, (t) => {
		t.is(parseSize(text), count);
	});
}

for (const text of ['', '-1', '1.5M', '1B', '1iB', '4 K', '0x', '1Q', 'K', '9999999999999999']) {
	test(`'${text}' is refused as a size`, (t) => {
		t.throws(() => parseSize(text), {message: /size/});
	});
}

test('sizes read as coreutils writes them', (t) => {
	t.is(bytes(1), '1 byte');
	t.is(bytes(513), '513 bytes');
	t.is(bytes(64 * 2 ** 20), '64 MiB');
	t.is(bytes(1.5 * 2 ** 30), '1.5 GiB');
	t.is(shortSize(64 * 2 ** 20), '64M');
	t.is(shortSize(256), '256');
});

test('rates count in thousands', (t) => {
	t.is(rate(0), '0 B/s');
	t.is(rate(999), '999 B/s');
	t.is(rate(21_400_000), '21.4 MB/s');
	t.is(rate(28e9), '28.0 GB/s');
});

test('a link that is not known has no text', (t) => {
	t.is(linkText({speedGTs: 2.5, width: 4}), '2.5GT/s×4');
	t.is(linkText({speedGTs: null, width: null}), undefined);
});
