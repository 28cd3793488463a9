// SPDX-License-Identifier: MIT
import test from 'ava';
import {table} from '../../lib/table.ts';

const rows = [
	['NAME', 'SIZE', 'MEMORY', 'CAN'],
	['one', '9', 'bar0 16K', 'client'],
	['another', '1000', 'cmb 1M', '\x1b[1mprovider\x1b[22m'],
];
const rightAligned = [false, true, false, false];

test('columns stand beside each other', async (t) => {
	t.is(
		await table(rows, {isRaw: false, rightAligned}),
		[
			'NAME     SIZE  MEMORY    CAN',
			'one         9  bar0 16K  client',
			'another  1000  cmb 1M    \x1b[1mprovider\x1b[22m',
			'',
		].join('\n'),
	);
});

test('what a terminal is too narrow for stands below; colours count for nothing', async (t) => {
	const whole = await table(rows, {isRaw: false, rightAligned, width: 33});
	t.is(whole, await table(rows, {isRaw: false, rightAligned}));
	t.is(
		await table(rows, {isRaw: false, rightAligned, width: 32}),
		[
			'NAME     SIZE  MEMORY',
			'        CAN',
			'one         9  bar0 16K',
			'        client',
			'another  1000  cmb 1M',
			'        \x1b[1mprovider\x1b[22m',
			'',
		].join('\n'),
	);
	t.is((await table(rows, {isRaw: false, rightAligned, width: 3})).split('\n')[0], 'NAME');
});

test('for scripts one blank stands between, whatever the width', async (t) => {
	const text = await table(rows.slice(0, 2), {isRaw: true, rightAligned, width: 3});
	t.is(text, 'NAME SIZE MEMORY CAN\none 9 bar0\\x2016K client\n');
});
