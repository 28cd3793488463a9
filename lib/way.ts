// SPDX-License-Identifier: MIT
// The way that requests take from a client to a provider: up, round, and down again. It is drawn as
// the verdict has it: what is redirected climbs to the root complex, though a nearer bridge exists.

import type {Link, Machine, Pair, PciFunction} from './native.ts';
import {isPort, redirects, redirectWords} from './topo-words.ts';
import type {Trees} from './tree.ts';
import {rate} from './units.ts';

/** All that is drawn, in whatever form. */
export type Picture = {
	readonly trees: Trees;
	/** Which machine that is, in a few words. */
	readonly caption: string;
	readonly way?: Way | undefined;
	/** What is to be said of the way. */
	readonly sentence?: string | undefined;
};

export type Way = {
	readonly pair: Pair;
	/** From the client up to below the place where requests turn. */
	readonly up: readonly PciFunction[];
	/** The bridge where requests turn; undefined: the root complex. */
	readonly turn: PciFunction | undefined;
	/** From there down to the provider. */
	readonly down: readonly PciFunction[];
};

export function wayOf(pair: Pair, functions: readonly PciFunction[]): Way {
	const byName = new Map(functions.map((it) => [it.bdf, it]));
	const client = upwards(pair.client, byName);
	const provider = upwards(pair.provider, byName);
	const turn =
		pair.fabric.request === 'redirected' ? undefined : client.find((it) => provider.includes(it));
	return {pair, up: until(client, turn), turn, down: until(provider, turn).reverse()};
}

/** All functions of a way, each once. */
export function functionsOf({up, turn, down}: Way): PciFunction[] {
	return [...new Set([...up, ...(turn === undefined ? [] : [turn]), ...down])];
}

/** One stop of a way and what happens there. */
export type Stop = {
	/** undefined: the root complex. */
	readonly it: PciFunction | undefined;
	/** The root bus where the root complex is entered or left. */
	readonly bus: string;
	readonly notes: readonly string[];
	/** The function whose link leads to the next stop; undefined where none does. */
	readonly link: PciFunction | undefined;
};

export function stopsOf(way: Way, machine: Machine): Stop[] {
	const {up, turn, down} = way;
	const buses = new Set([up.at(-1), down[0]].flatMap((it) => it?.rootBus ?? []));
	const tops = turn === undefined ? [...buses].map((bus) => ({it: undefined, bus})) : [{it: turn}];
	const stops: {it: PciFunction | undefined; bus?: string}[] = [
		...up.map((it) => ({it})),
		...tops,
		...down.map((it) => ({it})),
	];
	return stops.map(({it, bus = ''}, i) => ({
		it,
		bus,
		notes: it === undefined ? rootNotes(way, machine, bus) : notesAt(way, it, i < up.length),
		link: linkBetween(it, stops[i + 1]?.it),
	}));
}

export type Slowest = {
	/** The function below the link. */
	readonly it: PciFunction;
	readonly words: string;
	/** Are there faster ones on the way? */
	readonly isBottleneck: boolean;
};

/** The slowest link of the way, and what it carries as far as the core has said. */
export function slowestOf({pair, ...way}: Way): Slowest | undefined {
	const {link} = pair.fabric;
	const links = [...way.up, ...way.down].filter(isBelowLink);
	const least = Math.min(...links.map((it) => capacity(it.link)));
	const slow = links.filter((it) => capacity(it.link) === least);
	const it = slow.find(({bdf}) => bdf === link?.bdf) ?? slow[0];
	if (it === undefined || !Number.isFinite(least)) return undefined;
	const isSaid = it.bdf === link?.bdf;
	const words = 'the slowest link';
	return {
		it,
		words: isSaid ? `${words}: at most ${rate(link.bytesPerSecond)}` : words,
		isBottleneck: slow.length < links.length,
	};
}

function upwards(bdf: string, byName: ReadonlyMap<string, PciFunction>): PciFunction[] {
	const chain: PciFunction[] = [];
	for (let it = byName.get(bdf); it !== undefined; it = byName.get(it.parent ?? '')) chain.push(it);
	return chain;
}

function until(chain: readonly PciFunction[], end: PciFunction | undefined): PciFunction[] {
	return end === undefined ? [...chain] : chain.slice(0, chain.indexOf(end));
}

function linkBetween(
	a: PciFunction | undefined,
	b: PciFunction | undefined,
): PciFunction | undefined {
	if (a === undefined || b === undefined) return undefined;
	const lower = a.parent === b.bdf ? a : b;
	return isBelowLink(lower) ? lower : undefined;
}

// The link above a switch's downstream port is inside the switch, a root port has none above.
function isBelowLink({role, parent}: PciFunction): boolean {
	return parent !== null && role !== 'downstream-port' && role !== 'root-port';
}

/** In units that compare; infinite where it is not known. */
function capacity({speedGTs, width}: Link): number {
	if (speedGTs === null || width === null) return Number.POSITIVE_INFINITY;
	// 8b/10b below 8 GT/s.
	return speedGTs * width * (speedGTs < 8 ? 0.8 : 1);
}

function rootNotes({pair, up, down}: Way, {guest}: Machine, bus: string): string[] {
	if (bus === '') return ['its bridges were not seen'];
	if (guest !== null && pair.fabric.request === 'unknown') return [`of the guest (${guest})`];
	const isLast = bus === down[0]?.rootBus;
	const isFirst = bus === up.at(-1)?.rootBus;
	if (isFirst && isLast) return ['requests turn here'];
	return [
		isFirst ? `requests leave for ${down[0]?.rootBus}` : `requests come in from another root`,
	];
}

function notesAt({pair, up, turn}: Way, it: PciFunction, isUp: boolean): string[] {
	const {fabric, kernel, client, provider} = pair;
	const bits = fabric.culprits.find(({bdf}) => bdf === it.bdf)?.bits ?? [];
	const verb = fabric.request === 'blocked' ? 'blocks' : 'sends to the root complex:';
	// What is passed twice is said once.
	const isKernels =
		bits.length === 0 && (isUp || !up.includes(it)) && kernel.redirects.includes(it.bdf);
	const isTurn = it === turn && fabric.request === 'direct' && client !== provider;
	return [
		...(it.bdf === client && (isUp || it === turn) ? ['client'] : []),
		...(it.bdf === provider && !isUp ? ['provider'] : []),
		...(isTurn ? ['requests turn here'] : []),
		...(bits.length > 0 ? [`${verb} ${redirectWords(bits)}`] : []),
		...(isKernels ? [`the kernel counts its redirect (${redirects(it)})`] : []),
		...(it.acs === null && isPort(it) ? ['ACS not read'] : []),
	];
}
