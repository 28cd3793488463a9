// SPDX-License-Identifier: MIT
// Many pairs at once say what each pair says alone, on machines drawn at random; and so do
// renumbered machines, and mended ones.

import test, {type ExecutionContext} from 'ava';
import {native, type Pair, type Read} from '../../lib/native.ts';
import {machine} from '../helpers/machine.ts';
import {type Random, randomMachine, seeded} from '../helpers/random-machine.ts';

const letters = {direct: 'd', 'through-root': 'r', no: 'n', unknown: '?'} as const;

async function ends(source: Read): Promise<string[]> {
	const {functions} = await native.scan(source);
	return functions.filter(({role}) => role !== 'host-bridge').map(({bdf}) => bdf);
}

async function wordsOneByOne(source: Read, names: readonly string[]): Promise<string> {
	const pairs = names.flatMap((client) => names.map((provider) => [client, provider] as const));
	const answer = await native.check(source, pairs);
	return answer.pairs.map(({verdict}) => letters[verdict]).join('');
}

async function drawn(t: ExecutionContext, seed: number): Promise<Read> {
	return native.read({root: machine(t, randomMachine(seeded(seed)))});
}

for (let seed = 1; seed <= 40; seed++) {
	test(`machine ${seed}: the matrix agrees with every pair alone`, async (t) => {
		const source = await drawn(t, seed);
		const names = await ends(source);
		const {words, fates} = await native.matrix(source, names);
		t.is(words.toString('latin1'), await wordsOneByOne(source, names));
		t.is(fates.flat().length, names.length);
	});

	test(`machine ${seed}: the kernel's verdict is the same in either direction`, async (t) => {
		const source = await drawn(t, seed);
		const names = await ends(source);
		const there = names.flatMap((a) => names.map((b) => [a, b] as const));
		const back = there.map(([a, b]) => [b, a] as const);
		const forth = await native.check(source, there);
		const reverse = await native.check(source, back);
		for (const [i, {kernel}] of forth.pairs.entries()) {
			t.deepEqual(inAnyOrder(kernel), inAnyOrder(reverse.pairs[i]?.kernel));
		}
	});

	test(`machine ${seed}: other bus numbers change no verdict`, async (t) => {
		const source = await drawn(t, seed);
		const names = await ends(source);
		const {renumbered, rename} = await renumber(source, seeded(seed + 1000));
		const pairs = names.flatMap((a) => names.map((b) => [a, b] as const));
		const before = await native.check(source, pairs);
		const after = await native.check(
			renumbered,
			pairs.map(([a, b]) => [rename(a), rename(b)]),
		);
		t.deepEqual(after.pairs, JSON.parse(rename(JSON.stringify(before.pairs))));
	});

	test(`machine ${seed}: less of configuration space gives the same verdict or none`, async (t) => {
		const source = await drawn(t, seed);
		const names = await ends(source);
		const random = seeded(seed + 2000);
		const whole = (await native.matrix(source, names)).words.toString('latin1');
		const cut = await changed(source, (bytes) =>
			random(3) > 0 ? bytes : bytes.subarray(0, [0, 64, 256][random(3)]),
		);
		const {words} = await native.matrix(cut, names);
		for (const [i, word] of [...words.toString('latin1')].entries()) {
			if (word !== '?') t.is(word, whole[i] ?? '', `client ${names[Math.floor(i / names.length)]}`);
		}
	});

	test(`machine ${seed}: damaged configuration space is read`, async (t) => {
		const source = await drawn(t, seed);
		const names = await ends(source);
		const random = seeded(seed + 3000);
		for (let round = 0; round < 10; round++) {
			const damaged = await changed(source, (bytes) => {
				const hurt = Buffer.from(bytes);
				for (let hits = random(8); hits > 0 && hurt.length > 0; hits--)
					hurt[random(random(4) === 0 ? 64 : hurt.length)] = random(256);
				return hurt;
			});
			const {words} = await native.matrix(damaged, names);
			t.is(words.length, names.length ** 2);
			t.is(
				(await native.groups(damaged)).functions.length,
				(await native.scan(damaged)).functions.length,
			);
		}
	});

	test(`machine ${seed}: what --fix promises is what the changed machine says`, async (t) => {
		const source = await drawn(t, seed);
		const names = await ends(source);
		for (const client of names.slice(0, 6)) {
			for (const provider of names.slice(-6)) {
				const fix = await native.fix(source, client, provider);
				if (fix.changes.length === 0) {
					t.true(fix.obstacle !== null || fix.before.verdict === 'direct');
					continue;
				}
				const mended = await mend(source, fix.changes);
				const {pairs} = await native.check(mended, [[client, provider]]);
				t.deepEqual(pairs[0], fix.after);
				t.is(fix.after.verdict, 'direct');
				for (const left of fix.changes) {
					const others = fix.changes.filter((it) => it !== left);
					const partly = await native.check(await mend(source, others), [[client, provider]]);
					t.not(partly.pairs[0]?.verdict, 'direct', 'no change is more than needed');
				}
			}
		}
	});
}

// Which of two host bridges is named depends on who asks first.
function inAnyOrder(kernel: Pair['kernel'] | undefined): object {
	return {...kernel, redirects: [...(kernel?.redirects ?? [])].sort(), hostBridge: null, log: null};
}

/** The same machine with ACS bits cleared, by way of a capture: another road than the core's own. */
async function mend(
	source: Read,
	changes: readonly {readonly bdf: string; readonly mask: number}[],
): Promise<Read> {
	return changed(source, (bytes, bdf) => {
		for (const {mask} of changes.filter((change) => change.bdf === bdf)) {
			const at = acsOffset(bytes) + 6;
			bytes.writeUInt16LE(bytes.readUInt16LE(at) & ~mask, at);
		}
		return bytes;
	});
}

/** The same machine with other configuration spaces. */
async function changed(
	source: Read,
	change: (config: Buffer, bdf: string) => Buffer,
): Promise<Read> {
	const capture = structuredClone(await native.capture(source)) as {
		machine: object;
		functions: {bdf: string; config: string}[];
	};
	for (const it of capture.functions)
		it.config = change(Buffer.from(it.config, 'hex'), it.bdf).toString('hex');
	return native.read({capture});
}

/** The same machine with the numbers of all buses but the root ones shuffled. */
async function renumber(source: Read, random: Random) {
	const capture = (await native.capture(source)) as {
		machine: object;
		functions: readonly {bdf: string; rootBus: string; config: string}[];
	};
	const roots = new Set(capture.functions.map(({rootBus}) => rootBus));
	const buses = [...new Set(capture.functions.map(({bdf}) => bdf.slice(0, 7)))];
	const inner = buses.filter((bus) => !roots.has(bus));
	const shuffled = [...inner];
	for (let i = shuffled.length - 1; i > 0; i--) {
		const j = random(i + 1);
		const domain = (bus = '') => bus.slice(0, 4);
		if (domain(shuffled[i]) !== domain(shuffled[j])) continue;
		[shuffled[i], shuffled[j]] = [shuffled[j] ?? '', shuffled[i] ?? ''];
	}
	const names = new Map(inner.map((bus, i) => [bus, shuffled[i] ?? bus]));
	const rename = (text: string) =>
		text.replace(/(?<![0-9a-f:])[0-9a-f]{4}:[0-9a-f]{2}(?=:)/g, (bus) => names.get(bus) ?? bus);
	const functions = capture.functions
		.map((it) => ({...JSON.parse(rename(JSON.stringify(it))), config: it.config}))
		.reverse();
	return {renumbered: await native.read({capture: {...capture, functions}}), rename};
}

function acsOffset(bytes: Buffer): number {
	for (let at = 0x100; at !== 0; at = bytes.readUInt32LE(at) >>> 20) {
		if ((bytes.readUInt32LE(at) & 0xffff) === 0x000d) return at;
	}
	throw new Error('no ACS');
}

test('functions behind one port share a fate', async (t) => {
	const root = machine(
		t,
		'root-port\n  upstream\n    downstream\n      function functions=8\n    downstream\n      function functions=8',
	);
	const {functions} = await native.scan({root});
	const names = functions.filter(({role}) => role === 'endpoint').map(({bdf}) => bdf);
	const {fates} = await native.matrix({root}, names);
	t.deepEqual(
		fates.map(({length}) => length),
		[8, 8],
	);
});

test('a function that is not there is an error', async (t) => {
	const root = machine(t, 'root-port\n  nvme');
	await t.throwsAsync(native.matrix({root}, ['01:00.0', '09:00.0']), {code: 'P2P_NO_FUNCTION'});
});
