// SPDX-License-Identifier: MIT
// The functions of a machine as the trees that they form, for every picture of it.

import {className, memoryOf, movesBytesByClass, partsOf} from './function.ts';
import type {PciFunction} from './native.ts';

export type Node = {
	readonly it: PciFunction;
	readonly below: readonly Node[];
	/** What this one stands for besides itself: its neighbours of the same kind. */
	readonly more: readonly PciFunction[];
};

export type Root = {
	/** '0000:00'; '' for what stands below bridges that nobody has seen. */
	readonly bus: string;
	/** The NUMA node of all that stands below; null where they differ or nobody said. */
	readonly numaNode: number | null;
	readonly nodes: readonly Node[];
};

export type TreeOptions = {
	/** Everything, one by one. */
	readonly isWhole: boolean;
	/** Neighbours of one kind as one; never with isWhole. */
	readonly isFolded?: boolean;
	/** Functions that are shown by themselves in any case. */
	readonly keep?: readonly string[];
};

export type Trees = {
	readonly roots: readonly Root[];
	/** Functions that are not shown: those that take no part, and those of which nothing is known. */
	readonly leftOut: {readonly noPart: number; readonly unknown: number};
};

/** One tree for each root bus, in the order of the functions. */
export function treesOf(
	functions: readonly PciFunction[],
	{isWhole, isFolded = false, keep = []}: TreeOptions,
): Trees {
	const all = grow(functions);
	const kept = isWhole ? all : all.flatMap((node) => prune(node, keep));
	// Where nothing is known to matter, nothing is known not to.
	const shown = kept.length === 0 ? all : kept;
	const nodes = isFolded && !isWhole ? folded(shown, keep) : shown;
	return {roots: rootsOf(nodes), leftOut: leftOutOf(functions, shown)};
}

/** Every node from the top down. */
export function* walk(nodes: readonly Node[]): Generator<Node> {
	for (const node of nodes) {
		yield node;
		yield* walk(node.below);
	}
}

/** All that a node stands for. */
export function membersOf({it, more}: Node): readonly PciFunction[] {
	return [it, ...more];
}

function grow(functions: readonly PciFunction[]): Node[] {
	const known = new Set(functions.map(({bdf}) => bdf));
	const byParent = groupBy(functions, ({parent}) =>
		parent !== null && known.has(parent) ? parent : '',
	);
	const growOne = (it: PciFunction): Node => ({
		it,
		below: (byParent.get(it.bdf) ?? []).map(growOne),
		more: [],
	});
	return (byParent.get('') ?? []).map(growOne);
}

function rootsOf(nodes: readonly Node[]): Root[] {
	const byBus = groupBy(nodes, ({it}) => it.rootBus);
	return [...byBus].map(([bus, tops]) => {
		const numaNodes = new Set([...walk(tops)].map(({it}) => it.numaNode));
		numaNodes.delete(null);
		const [numaNode = null] = numaNodes.size === 1 ? numaNodes : [];
		return {bus, numaNode, nodes: tops};
	});
}

// What can take no part in a transfer, and bridges that lead to nothing else.
function prune(node: Node, keep: readonly string[]): Node[] {
	const below = node.below.flatMap((child) => prune(child, keep));
	const matters = mayMatter(node.it) || below.length > 0 || keep.includes(node.it.bdf);
	return matters ? [{...node, below}] : [];
}

// Without its BARs a function of a class that moves bytes may still be a client.
function mayMatter(it: PciFunction): boolean {
	const isLeaf = it.role === 'endpoint' || it.role === 'rc-integrated';
	return partsOf(it).length > 0 || (isLeaf && !it.hasResources && movesBytesByClass(it));
}

function leftOutOf(functions: readonly PciFunction[], shown: readonly Node[]): Trees['leftOut'] {
	const names = new Set([...walk(shown)].map(({it}) => it.bdf));
	const missing = functions.filter(({bdf}) => !names.has(bdf));
	const unknown = missing.filter((it) => it.classCode === 0 && !it.hasResources).length;
	return {noPart: missing.length - unknown, unknown};
}

/** From this many on neighbours of one kind are shown as one. */
const foldFrom = 3;
/** A tree of more lines than this is folded whole branches at a time. */
const crowded = 64;

// Functions of one kind are folded always, ports with what hangs below them only in a large tree.
function folded(nodes: readonly Node[], keep: readonly string[]): Node[] {
	const leaves = fold(nodes, keep, isLeaf);
	return count(leaves) > crowded ? fold(leaves, keep, () => true) : leaves;
}

type IsCandidate = (node: Node) => boolean;

function fold(nodes: readonly Node[], keep: readonly string[], isCandidate: IsCandidate): Node[] {
	const runs: {kind: string; members: Node[]}[] = [];
	for (const node of nodes.map((it) => ({...it, below: fold(it.below, keep, isCandidate)}))) {
		const kind = isCandidate(node) ? kindOf(node, keep) : node.it.bdf;
		const last = runs.at(-1);
		if (last?.kind === kind) last.members.push(node);
		else runs.push({kind, members: [node]});
	}
	return runs.flatMap(({members}) => (members.length < foldFrom ? members : [merge(members)]));
}

/** Branches of one shape laid over each other. */
function merge(nodes: readonly Node[]): Node {
	const [first, ...rest] = nodes;
	if (first === undefined) throw new Error('nothing to merge');
	return {
		it: first.it,
		more: [...first.more, ...rest.flatMap(membersOf)],
		below: first.below.map((_, i) => merge(nodes.flatMap(({below}) => below[i] ?? []))),
	};
}

function isLeaf({below}: Node): boolean {
	return below.length === 0;
}

/** Equal for nodes that differ in name and place only. */
function kindOf(node: Node, keep: readonly string[]): string {
	const {it, below, more} = node;
	if (keep.includes(it.bdf)) return it.bdf;
	const {role, vendor, device, driver, hasAcs, acs, link, maxLink, physfn} = it;
	const parts = [className(it), role, vendor, device, driver, physfn !== null, hasAcs, acs];
	const children = below.map((child) => kindOf(child, keep));
	return JSON.stringify([parts, link, maxLink, memoryOf(it), more.length, children]);
}

function count(nodes: readonly Node[]): number {
	return [...walk(nodes)].length;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const item of items) {
		const key = keyOf(item);
		const group = groups.get(key);
		if (group === undefined) groups.set(key, [item]);
		else group.push(item);
	}
	return groups;
}
