// SPDX-License-Identifier: MIT
// What changed from one look at a machine to another: functions that came and went, and of those
// that stayed what bears on peer-to-peer. A function is the same one where its kernel path and its
// ids are: bus numbers may have changed.

import {partsOf} from './function.ts';
import {
	type Machine,
	native,
	type PciFunction,
	type Read,
	type Scan,
	type VerdictWord,
} from './native.ts';
import {linkText, shortSize} from './units.ts';

export type Change = {
	/** 'machine' for the machine itself. */
	readonly function: string;
	readonly what:
		| 'gone'
		| 'new'
		| 'bdf'
		| 'link'
		| 'max-link'
		| 'acs'
		| 'driver'
		| 'group'
		| 'memory'
		| 'kernel'
		| 'cpu'
		| 'iommu'
		| 'boot-parameters';
	readonly before: string | null;
	readonly after: string | null;
};

/** In the order of the functions, those that are new last. */
export function changesBetween(before: Scan, after: Scan): Change[] {
	const later = new Map(after.functions.map((it) => [identityOf(it), it]));
	const earlier = new Set(before.functions.map(identityOf));
	return [
		...machineChanges(before.machine, after.machine),
		...before.functions.flatMap((it) => {
			const now = later.get(identityOf(it));
			return now === undefined ? [gone(it)] : functionChanges(before, it, after, now);
		}),
		...after.functions.filter((it) => !earlier.has(identityOf(it))).map(fresh),
	];
}

/** Virtual functions beyond their bus's end have the paths of others. */
function identityOf(it: PciFunction): string {
	const {path, vendor, device, subVendor, subDevice, physfn, bdf} = it;
	return [path, vendor, device, subVendor, subDevice, physfn === null ? '' : bdf].join(' ');
}

function gone(it: PciFunction): Change {
	return {function: it.bdf, what: 'gone', before: idText(it), after: null};
}

function fresh(it: PciFunction): Change {
	return {function: it.bdf, what: 'new', before: null, after: idText(it)};
}

function idText({vendor, device}: PciFunction): string {
	return [vendor, device].map((id) => id.toString(16).padStart(4, '0')).join(':');
}

type Facts = Readonly<Partial<Record<Change['what'], string | null>>>;

function machineChanges(before: Machine, after: Machine): Change[] {
	const facts = ({kernel, cpu, iommu, bootParameters}: Machine): Facts => ({
		kernel,
		cpu,
		iommu: iommu === null ? null : iommu ? 'on' : 'off',
		'boot-parameters': bootParameters.join(' '),
	});
	return changesOf('machine', facts(before), facts(after));
}

function functionChanges(before: Scan, old: PciFunction, after: Scan, now: PciFunction): Change[] {
	return changesOf(now.bdf, factsOf(before, old), factsOf(after, now));
}

function factsOf({functions}: Scan, it: PciFunction): Facts {
	return {
		bdf: it.bdf,
		link: linkText(it.link) ?? null,
		'max-link': linkText(it.maxLink) ?? null,
		acs: acsOf(it),
		driver: it.driver ?? 'none',
		group: groupOf(functions, it),
		memory: it.hasResources ? it.bars.map(barText).join(', ') || 'none' : null,
	};
}

function acsOf({hasAcs, acs}: PciFunction): string | null {
	if (acs === null || hasAcs === null) return null;
	return hasAcs ? acs.join(',') || '0' : 'none';
}

/** Numbers of groups mean nothing from boot to boot; who else is in it does. */
function groupOf(functions: readonly PciFunction[], it: PciFunction): string {
	if (it.iommuGroup === null) return 'none';
	const others = functions.filter(
		({iommuGroup, bdf}) => iommuGroup === it.iommuGroup && bdf !== it.bdf,
	);
	return others.length === 0 ? 'alone' : `with ${others.map(({path}) => path).join(', ')}`;
}

function barText({index, size, busAddress}: PciFunction['bars'][number]): string {
	return `bar${index} ${shortSize(size)}${busAddress === null ? ' without an address' : ''}`;
}

/** What one side did not read has not changed. */
function changesOf(name: string, before: Facts, after: Facts): Change[] {
	return (Object.keys(before) as Change['what'][]).flatMap((what) => {
		const [old = null, now = null] = [before[what], after[what]];
		return old === null || now === null || old === now
			? []
			: [{function: name, what, before: old, after: now}];
	});
}

export type VerdictChange = {
	readonly client: string;
	readonly provider: string;
	readonly before: VerdictWord;
	readonly after: VerdictWord;
};

/**
 * Of all pairs of functions that matter and were there both times. missing: those of which one verdict
 * or both were not known, which is neither the same nor a change.
 */
export async function verdictChanges(
	before: Read,
	after: Read,
	[old, now]: readonly [Scan, Scan],
): Promise<{changes: VerdictChange[]; missing: VerdictChange[]}> {
	const earlier = new Map(old.functions.map((it) => [identityOf(it), it.bdf]));
	const both = now.functions
		.filter((it) => partsOf(it).length > 0)
		.map((it) => ({bdf: it.bdf, was: earlier.get(identityOf(it)) ?? ''}))
		.filter(({was}) => was !== '');
	const [then, today] = await Promise.all([
		native.matrix(
			before,
			both.map(({was}) => was),
		),
		native.matrix(
			after,
			both.map(({bdf}) => bdf),
		),
	]);
	const unequal = both.flatMap(({bdf: client}, row) =>
		both.flatMap(({bdf: provider}, column) => {
			const place = row * both.length + column;
			const [was, is] = [wordOf(then.words[place]), wordOf(today.words[place])];
			return row === column || (was === is && was !== 'unknown')
				? []
				: [{client, provider, before: was, after: is}];
		}),
	);
	const isKnown = (it: VerdictChange) => it.before !== 'unknown' && it.after !== 'unknown';
	return {
		changes: unequal.filter(isKnown),
		missing: unequal.filter((it) => !isKnown(it)),
	};
}

const words: Readonly<Record<string, VerdictWord>> = {d: 'direct', r: 'through-root', n: 'no'};

function wordOf(letter = 0): VerdictWord {
	return words[String.fromCharCode(letter)] ?? 'unknown';
}
