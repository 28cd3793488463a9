// SPDX-License-Identifier: MIT
// What the pictures say of a function and of a link, in few words.

import {className, memoryOf, memoryText} from './function.ts';
import type {Pair, PciFunction} from './native.ts';
import type {Node} from './tree.ts';
import {linkText} from './units.ts';

const roles: Readonly<Partial<Record<PciFunction['role'], string>>> = {
	'root-port': 'root port',
	'upstream-port': 'upstream port',
	'downstream-port': 'downstream port',
	bridge: 'bridge',
	'host-bridge': 'host bridge',
};

export function isPort({role}: PciFunction): boolean {
	return role !== 'endpoint' && role !== 'rc-integrated' && role !== 'host-bridge';
}

/** Without the domain, which stands at the root. */
export function shortName({bdf}: PciFunction): string {
	return bdf.slice(bdf.indexOf(':') + 1);
}

/** '03:00.0', or '03:00.0 … 03:01.7' for a row of the same kind. */
export function nameOf({it, more}: Node): string {
	const last = more.at(-1);
	return last === undefined ? shortName(it) : `${shortName(it)} … ${shortName(last)}`;
}

/** 'nvme nvme0,nvme0n1', 'downstream port', '8 × network'. */
export function whatOf({it, more}: Node): string {
	const what = [roles[it.role] ?? className(it), more.length > 0 ? '' : it.names.join(',')];
	const text = what.filter((word) => word !== '').join(' ');
	return more.length === 0 ? text : `${more.length + 1} × ${text}`;
}

/** The link above it; a port's own link is that of what stands below. */
export function linkOf({it}: Node): string {
	if (isPort(it) && it.role !== 'upstream-port') return '';
	const now = linkText(it.link);
	const max = linkText(it.maxLink);
	if (now === undefined) return '';
	return max === undefined || max === now ? now : `${now} of ${max}`;
}

/** A port's ACS in words, an endpoint's driver, group and memory. */
export function aboutOf({it}: Node): string {
	if (isPort(it)) return it.role === 'upstream-port' && it.hasAcs === false ? '' : acsWords(it);
	const memory = memoryText(memoryOf(it));
	const parts = [
		...(it.driver === null ? [] : [it.driver]),
		...(it.iommuGroup === null ? [] : [`group ${it.iommuGroup}`]),
		...(memory === '' ? [] : [memory]),
		...(redirects(it).length > 0 ? [acsWords(it)] : []),
	];
	return parts.join(', ');
}

export function acsWords(it: PciFunction): string {
	if (it.acs === null) return 'ACS not read';
	if (it.hasAcs === false) return 'no ACS';
	const bits = redirects(it);
	if (bits.length === 0) return 'no redirect';
	const what = bits.map((bit) => bitWords[bit] ?? bit).join(' and ');
	return `redirects ${what} (${bits.join(' ').toUpperCase()})`;
}

/** Those of its ACS bits that redirect. */
export function redirects({acs}: PciFunction): string[] {
	return (acs ?? []).filter((bit) => bit in bitWords);
}

const bitWords: Readonly<Record<string, string>> = {
	rr: 'requests',
	cr: 'completions',
	ec: 'by egress control',
};

/** One stop of a route, the link that leads on from it, and what happens there. */
export type Stop = {
	/** undefined: the root complex. */
	readonly it: PciFunction | undefined;
	readonly notes: readonly string[];
	/** The function whose link leads to the next stop; undefined inside a switch. */
	readonly link: PciFunction | undefined;
};

/** The way from client to provider, both included, the root complex where it goes through it. */
export function stopsOf(pair: Pair, functions: readonly PciFunction[]): Stop[] {
	const find = (bdf: string) => functions.find((it) => it.bdf === bdf);
	const names =
		pair.client === pair.provider
			? [pair.client]
			: [pair.client, ...pair.fabric.route, pair.provider];
	const way: (PciFunction | undefined)[] = names.map(find);
	const top = way.findIndex((it, i) => i + 1 < way.length && !touches(it, way[i + 1]));
	if (top >= 0 && pair.fabric.turnsAt === null) way.splice(top + 1, 0, undefined);
	return way.map((it, i) => ({it, notes: notesAt(pair, it), link: linkBetween(it, way[i + 1])}));
}

function touches(a: PciFunction | undefined, b: PciFunction | undefined): boolean {
	return a?.parent === b?.bdf || b?.parent === a?.bdf;
}

function linkBetween(
	a: PciFunction | undefined,
	b: PciFunction | undefined,
): PciFunction | undefined {
	if (a === undefined || b === undefined) return undefined;
	const lower = a.parent === b.bdf ? a : b;
	return lower.role === 'endpoint' || lower.role === 'upstream-port' ? lower : undefined;
}

function notesAt(pair: Pair, it: PciFunction | undefined): string[] {
	if (it === undefined) return ['through the root complex'];
	const {fabric, kernel} = pair;
	const bits = fabric.culprits.find(({bdf}) => bdf === it.bdf)?.bits ?? [];
	const sent = fabric.request === 'blocked' ? 'blocks' : 'sends to the root complex:';
	const what = bits.map((bit) => bitWords[bit] ?? bit).join(' and ');
	const isKernels = bits.length === 0 && kernel.redirects.includes(it.bdf);
	const isTurn =
		fabric.turnsAt === it.bdf && fabric.request === 'direct' && pair.client !== pair.provider;
	return [
		...(it.bdf === pair.client ? ['client'] : []),
		...(it.bdf === pair.provider ? ['provider'] : []),
		...(isTurn ? ['requests turn here'] : []),
		...(bits.length > 0 ? [`${sent} ${what} (${bits.join(' ').toUpperCase()})`] : []),
		...(isKernels
			? [`the kernel counts its redirect (${redirects(it).join(' ').toUpperCase()})`]
			: []),
		...(it.acs === null && isPort(it) ? ['ACS not read'] : []),
	];
}
