// SPDX-License-Identifier: MIT
// What the pictures say of a function and of a link, in few words.

import {className, type Memory, movesBytesByClass, offeredBy} from './function.ts';
import type {Machine, PciFunction} from './native.ts';
import {membersOf, type Node, type Root, type Trees} from './tree.ts';
import {linkText, shortSize} from './units.ts';

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

/** An upstream port together with its downstream ports. */
export function isSwitch({it, below}: Node): boolean {
	return it.role === 'upstream-port' && below.some((child) => child.it.role === 'downstream-port');
}

/** '0000:00', and what is known of it. */
export function rootWords({bus, numaNode}: Root): string[] {
	if (bus === '') return ['below bridges that were not seen'];
	return [bus, ...(numaNode === null ? [] : [`NUMA node ${numaNode}`])];
}

/** '03:00.0', or '03:00.0 … 1f.7' for neighbours of one kind; the domain stands at the root. */
export function nameOf({it, more}: Node): string {
	const first = shortName(it);
	const last = more.at(-1);
	if (last === undefined) return first;
	const [bus, place] = shortName(last).split(':');
	return `${first} … ${first.startsWith(`${bus}:`) ? place : shortName(last)}`;
}

/** 'nvme nvme0,nvme0n1', 'downstream port', '8 × network VF eth2 … eth9'. */
export function whatOf(node: Node): string {
	const {it, more} = node;
	const kind = `${roles[it.role] ?? className(it)}${it.physfn === null ? '' : ' VF'}`;
	const text = `${kind} ${namesOf(node)}`.trimEnd();
	return more.length === 0 ? text : `${more.length + 1} × ${text}`;
}

/** The link above a function, and as much of its best as differs from that. */
export function linkOf({link, maxLink}: PciFunction): {now: string; max: string} | undefined {
	const now = linkText(link);
	if (now === undefined) return undefined;
	const max = linkText(maxLink);
	if (max === undefined || max === now) return {now, max: ''};
	if (link.speedGTs === maxLink.speedGTs) return {now, max: `×${maxLink.width}`};
	return {now, max: link.width === maxLink.width ? `${maxLink.speedGTs}GT/s` : max};
}

/** '16GT/s×8', '5GT/s×1 of ×2'; nothing for a port whose link is that of what stands below. */
export function linkWords({it}: Node): string {
	const link = it.role === 'root-port' || it.role === 'downstream-port' ? undefined : linkOf(it);
	if (link === undefined) return '';
	return link.max === '' ? link.now : `${link.now} of ${link.max}`;
}

/** A port's ACS; of an endpoint only that it redirects, for most have none. */
export function acsWords(it: PciFunction): string {
	const bits = redirects(it);
	if (bits !== '') return `redirects ${bits}`;
	if (!isPort(it) || it.role === 'upstream-port') return '';
	if (it.acs === null) return 'ACS not read';
	return it.hasAcs === false ? 'no ACS' : 'no redirect';
}

/** Those of its ACS bits that redirect: 'RR CR'. */
export function redirects({acs}: PciFunction): string {
	return bitsText((acs ?? []).filter((bit) => bit in bitWords));
}

export function bitsText(bits: readonly string[]): string {
	return bits.join(' ').toUpperCase();
}

const bitWords: Readonly<Record<string, string>> = {
	rr: 'requests',
	cr: 'completions',
	ec: 'requests by egress control',
};

/** 'requests and completions (RR CR)'. */
export function redirectWords(bits: readonly string[]): string {
	return `${bits.map((bit) => bitWords[bit] ?? bit).join(' and ')} (${bitsText(bits)})`;
}

export const legend =
	'RR CR EC: ACS sends requests, completions, or by egress control, up to the root complex';

/** 'group 3', or how many where a row of functions has several. */
export function groupWords(node: Node): string {
	const groups = new Set(membersOf(node).map(({iommuGroup}) => iommuGroup));
	groups.delete(null);
	const [first] = groups;
	if (first === undefined) return '';
	return groups.size === 1 ? `group ${first}` : `${groups.size} groups`;
}

export function memoryWords({it}: Node): string {
	if (isPort(it) || it.role === 'host-bridge') return '';
	if (it.hasResources) return sizesOf(offeredBy(it));
	return movesBytesByClass(it) ? 'memory not read' : '';
}

export function leftOutWords({leftOut: {noPart, unknown}}: Trees): string {
	const verb = noPart === 1 ? 'takes' : 'take';
	const parts = [
		...(noPart === 0 ? [] : [`${counted(noPart)} that ${verb} no part in transfers`]),
		...(unknown === 0 ? [] : [`${counted(unknown)} of which nothing is known`]),
	];
	return parts.length === 0 ? '' : `left out: ${parts.join(', ')}`;
}

export function counted(functions: number): string {
	return `${functions} ${functions === 1 ? 'function' : 'functions'}`;
}

/** 'EPYC, Linux 7.3.4', as far as it is known. */
export function machineWords({cpu, kernel}: Machine): string {
	return [...(cpu === null ? [] : [cpu]), ...(kernel === null ? [] : [`Linux ${kernel}`])].join(
		', ',
	);
}

/** 'bar2, cmb 64M, bar4 1G': each size once, behind all that are of it. */
function sizesOf(memory: readonly Memory[]): string {
	const words = memory.map(({name, size}, i) =>
		memory[i + 1]?.size === size ? name : `${name} ${shortSize(size)}`,
	);
	return words.join(', ');
}

function shortName({bdf}: PciFunction): string {
	return bdf.slice(bdf.indexOf(':') + 1);
}

function namesOf(node: Node): string {
	const members = membersOf(node);
	const last = members.at(-1)?.names[0];
	if (members.length > 1) {
		const first = node.it.names[0];
		return first === undefined || last === undefined ? '' : `${first} … ${last}`;
	}
	const [first, second, third, ...rest] = node.it.names;
	const shown = [first, second, rest.length === 0 ? third : undefined].filter(Boolean).join(',');
	return rest.length === 0 ? shown : `${shown},+${rest.length + 1}`;
}
