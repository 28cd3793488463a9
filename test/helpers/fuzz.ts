// SPDX-License-Identifier: MIT
// What the fuzzers in TypeScript share. The same seed gives the same inputs; `npm run fuzz` sets
// other numbers than the ones that every test run has.

import type {ExecutionContext} from 'ava';
import {captureText} from '../../lib/capture.ts';
import {Failure} from '../../lib/failure.ts';
import {native, type Source} from '../../lib/native.ts';
import {type Random, seeded} from './random-machine.ts';

export const seed = Number(process.env.P2P_FUZZ_SEED ?? 1);

export function rounds(usual: number): number {
	return Number(process.env.P2P_FUZZ_RUNS ?? usual);
}

/** What one(random) gave in each round; a failure says which round it was. */
export async function everyRound<T>(
	usual: number,
	one: (random: Random) => Promise<T> | T,
): Promise<T[]> {
	const results: T[] = [];
	for (let round = 0; round < rounds(usual); round++) {
		try {
			results.push(await one(seeded(seed * 1_000_003 + round)));
		} catch (error) {
			throw new Error(`seed ${seed}, round ${round}: ${(error as Error).stack}`);
		}
	}
	return results;
}

/** Some ended well and some in a sentence: else the inputs try only one of the two. */
export function isMixed(t: ExecutionContext, endings: readonly boolean[]): void {
	t.true(endings.includes(true), 'nothing was sound');
	t.true(endings.includes(false), 'nothing was refused');
}

export function pick<T>(random: Random, items: readonly T[]): T {
	return items[random(items.length)] as T;
}

/** Cuts, doubles, moves, and overwrites bytes. */
export function damaged(random: Random, bytes: Buffer): Buffer {
	const at = random(bytes.length + 1);
	const other = random(bytes.length + 1);
	const some = bytes.subarray(other, other + random(64));
	const kinds = [
		() => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(40))]),
		() => Buffer.concat([bytes.subarray(0, at), some, bytes.subarray(at)]),
		() => Buffer.concat([bytes.subarray(0, at), some, bytes.subarray(at + some.length)]),
		() => Buffer.concat([bytes.subarray(0, at), noise(random), bytes.subarray(at)]),
		() => Buffer.concat([bytes.subarray(0, at), noise(random), bytes.subarray(at + 8)]),
		() => bytes.subarray(0, at),
	];
	return pick(random, kinds)();
}

export function noise(random: Random): Buffer {
	return Buffer.from(Array.from({length: 1 + random(8)}, () => random(256)));
}

/** Words that have been too much for some program. */
export const oddWords: readonly string[] = [
	...['', ' ', '-', '--', '.', '..', '/', '//', ':', '+', ',', '=', '#', '\0', '\n', '\u{1f4a9}'],
	...['0', '-1', '1e9', '0x', '0xffffffffffffffff', '18446744073709551616', '99999999999999999999'],
	...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'ÿ', '%s%n', '$(id)', '*', '(((('],
	...['0000:03:00.0', '03:00.0', 'ffff:ff:1f.7', '00000000:00:00.0', 'zz:00.0', '00:00.8'],
	...['a'.repeat(5000), '1'.repeat(400), '/00.0'.repeat(1000), '4K', '1PiB', '9E', 'ns1', 'bar2'],
];

/**
 * What programs ask of a machine, and its capture; where the core refuses it says so by a code, and
 * there is none.
 */
export async function askAll(source: Source): Promise<string | undefined> {
	try {
		const read = await native.read(source);
		const {functions} = await native.scan(read);
		const names = functions.map(({bdf}) => bdf).slice(0, 6);
		const pairs = names.flatMap((client) => names.map((provider) => [client, provider] as const));
		await native.check(read, pairs);
		await native.matrix(read, names);
		await native.groups(read);
		await native.acsKept(read);
		const [client = '', provider = ''] = names.slice(-2);
		if (names.length > 1) await native.fix(read, client, provider);
		return captureText(await native.capture(read));
	} catch (error) {
		if (!/^(P2P|E)[A-Z_0-9]+$/.test((error as {code?: string}).code ?? '')) throw error;
		return undefined;
	}
}

/** Does it end well or in a sentence? */
export async function saysSo(work: () => unknown): Promise<boolean> {
	try {
		await work();
		return true;
	} catch (error) {
		if (error instanceof Failure || 'syscall' in (error as Error)) return false;
		throw error;
	}
}
