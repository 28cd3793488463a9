// SPDX-License-Identifier: MIT
// Operands of p2p-bench as orders: what is only read may be named as a whole, what is overwritten
// is named with its offset; and what could be measured on this machine.

import {parsePlace} from './endpoint.ts';
import {Failure} from './failure.ts';
import {offeredBy} from './function.ts';
import {type BenchOrder, native, type PciFunction, type Place} from './native.ts';
import {readRunning} from './supply.ts';

/** What every pair has alike. */
export type Common = Omit<BenchOrder, 'from' | 'to'> & {readonly writesDisks: boolean};

export type Pair = {readonly from: string; readonly to: string};

export function orderOf({from, to}: Pair, {writesDisks, ...common}: Common): BenchOrder {
	const source = parsePlace(from);
	const target = parsePlace(to);
	for (const [word, place] of [
		[from, source],
		[to, target],
	] as const)
		if (!isMemory(place) && place.kind !== 'ns')
			throw new Failure(`${word} is neither a namespace, NAME/nsN, nor memory, NAME/barN`);
	if (source.kind === 'ns' && target.kind === 'ns')
		throw new Failure(`${from} ${to}: one of the two is memory, NAME/barN+OFF`);
	if (target.kind === 'ns' && !writesDisks)
		throw new Failure(
			`${to} is a namespace, which this would overwrite: --write-disks says that it may`,
		);
	requireRange(to);
	const isBetweenMemories = isMemory(source) && isMemory(target);
	if (isBetweenMemories && common.engine === '')
		throw new Failure(`${from} ${to}: --engine FUNCTION says what carries from memory to memory`);
	return {...common, engine: isBetweenMemories ? common.engine : '', from: source, to: target};
}

/** The offset says that this range may go: a slip of the finger names none. */
export function requireRange(word: string): void {
	if (!word.includes('+'))
		throw new Failure(`${word}: name the range that may be overwritten: ${word}+0`);
}

/**
 * Clients and the ranges that the user named, each with each. A namespace among the words stands
 * for a client; without one, all disks that are on vfio-pci do. Where disks may be written, the
 * namespaces that were named are so too.
 */
export async function matrixPairs(words: readonly string[], writesDisks: boolean): Promise<Pair[]> {
	const places = words.map((word) => ({word, place: parsePlace(word)}));
	const memories = places.filter(({place}) => isMemory(place)).map(({word}) => word);
	const named = places.filter(({place}) => place.kind === 'ns').map(({word}) => word);
	const odd = places.find(({place}) => !isMemory(place) && place.kind !== 'ns');
	if (odd) throw new Failure(`${odd.word} is neither memory, NAME/barN+OFF, nor a namespace`);
	if (memories.length === 0) throw new Failure('no memory was named: NAME/barN+OFF');
	if (writesDisks && named.length === 0)
		throw new Failure('--write-disks writes to no disk that was not named: NAME/nsN+OFF');
	for (const word of [...memories, ...(writesDisks ? named : [])]) requireRange(word);

	const disks = named.length > 0 ? named : (await boundDisks()).map(({bdf}) => `${bdf}/ns1`);
	if (disks.length === 0)
		throw new Failure('no disk is on vfio-pci', {hints: ['p2p-bind DISK   gives it to vfio-pci']});
	return [
		...disks.flatMap((from) => memories.map((to) => ({from, to}))),
		...(writesDisks ? disks.flatMap((to) => memories.map((from) => ({from, to}))) : []),
	];
}

/** Pairs of what could be measured; nothing is touched. */
export async function possiblePairs(): Promise<Pair[]> {
	const source = await readRunning();
	const {functions} = await native.scan(source);
	const providers = functions.flatMap((it) =>
		it.driver === null || it.driver === 'vfio-pci'
			? offeredBy(it)
					.filter(({isKnown, name}) => isKnown && name.startsWith('bar'))
					.map(({name}) => ({bdf: it.bdf, name}))
			: [],
	);
	const pairs = (await boundDisks(functions)).flatMap((client) =>
		providers.map((provider) => ({client: client.bdf, ...provider})),
	);
	const {pairs: verdicts} = await native.check(
		source,
		pairs.map(({client, bdf}) => [client, bdf]),
	);
	return pairs
		.filter((_, i) => ['direct', 'through-root'].includes(verdicts[i]?.verdict ?? ''))
		.map(({client, bdf, name}) => ({from: `${client}/ns1`, to: `${bdf}/${name}+0`}));
}

async function boundDisks(functions?: readonly PciFunction[]): Promise<PciFunction[]> {
	const all = functions ?? (await native.scan({root: ''})).functions;
	return all.filter(({engine, driver}) => engine === 'nvme' && driver === 'vfio-pci');
}

function isMemory({kind}: Place): boolean {
	return ['bar', 'cmb', 'pmr'].includes(kind);
}
