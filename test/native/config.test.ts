// SPDX-License-Identifier: MIT
// Configuration spaces that no function should have: read to the end, nothing invented.

import test, {type ExecutionContext} from 'ava';
import {native, type PciFunction} from '../../lib/native.ts';
import {attribute, cut, machine, poke} from '../helpers/machine.ts';

const bdf = '0000:01:00.0';
const port = '0000:00:01.0';

const drawn = (t: ExecutionContext) => machine(t, 'root-port acs=rr,cr\n  function acs=rr');

async function read(root: string, name = bdf): Promise<PciFunction> {
	const {functions} = await native.scan({root});
	const found = functions.find((it) => it.bdf === name);
	if (found === undefined) throw new Error(`no ${name}`);
	return found;
}

test('a whole space shows its ACS bits', async (t) => {
	t.like(await read(drawn(t)), {configSize: 4096, hasAcs: true, acs: ['rr']});
});

const all = (value: number) => Array.from({length: 4096}, () => value);
const hostile: readonly (readonly [string, number, readonly number[], boolean | null])[] = [
	['all ones', 0, all(0xff), null],
	['all zeros', 0, all(0), false],
	['a capability that points to itself', 0x40, [0x01, 0x40], true],
	['two capabilities in a ring', 0x40, [0x01, 0x48], true],
	['a capability pointer of 0xff', 0x34, [0xff], true],
	['a capability pointer into the header', 0x34, [0x10], true],
	['an extended list that ends in itself', 0x100, [0x0b, 0, 1, 0x10], false],
	['an extended capability at the very end', 0x100, [0x0b, 0, 0xc1, 0xff], false],
	['an extended id of all ones', 0x100, [0xff, 0xff, 0xff, 0xff], false],
	['an extended pointer into the old space', 0x100, [0x0b, 0, 0x01, 0x04], false],
	['a null capability before the real one', 0x100, [0, 0, 0x01, 0x20, 0, 0, 0, 0], false],
	['a header type of its own', 0x0e, [0x7f], true],
];
for (const [what, offset, bytes, hasAcs] of hostile) {
	test(`${what} is survived`, async (t) => {
		const root = drawn(t);
		poke(root, bdf, offset, bytes);
		const it = await read(root);
		t.is(it.hasAcs, hasAcs);
		t.is(it.acs === null, hasAcs === null);
	});
}

test('ACS behind a null capability is found', async (t) => {
	const root = drawn(t);
	poke(root, bdf, 0x100, [0, 0, 0x01, 0x20, 0, 0, 0, 0]);
	poke(root, bdf, 0x200, [0x0d, 0, 0x01, 0, 0x7f, 0, 0x08, 0]);
	t.deepEqual((await read(root)).acs, ['cr']);
});

test('ACS whose registers lie beyond the end is not known', async (t) => {
	const root = drawn(t);
	poke(root, bdf, 0x100, [0x0b, 0, 0xc1, 0xff]);
	poke(root, bdf, 0xffc, [0x0d, 0, 0x01, 0]);
	t.like(await read(root), {hasAcs: null, acs: null});
});

test('a 64-bit BAR in the last place does not read past the six', async (t) => {
	const root = drawn(t);
	const line = '0x0000004000000000 0x00000040000fffff 0x0000000000142204';
	const none = '0x0000000000000000 0x0000000000000000 0x0000000000000000';
	attribute(root, bdf, 'resource', [none, none, none, none, none, line, none].join('\n'));
	const {bars} = await read(root);
	t.is(bars.length, 1);
	t.like(bars[0], {index: 5, is64: true, size: 1024 ** 2});
});

for (const text of ['', 'garbage', '0x1 0x2', '\n\n\n']) {
	test(`a resource file of ${JSON.stringify(text)} has no BARs`, async (t) => {
		const root = drawn(t);
		attribute(root, bdf, 'resource', text);
		t.deepEqual((await read(root)).bars, []);
	});
}

for (const length of [0, 1, 63, 64, 128, 255, 256, 259, 260]) {
	test(`${length} bytes of configuration space leave ACS unknown`, async (t) => {
		const root = drawn(t);
		cut(root, bdf, length);
		cut(root, port, length);
		t.is((await read(root)).hasAcs, null);
		t.is((await read(root, port)).hasAcs, null);
	});
}
