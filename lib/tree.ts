// SPDX-License-Identifier: MIT
// The functions of a machine as the trees that they form, for every picture of it.

import {className, type Memory, memoryOf, partsOf} from './function.ts';
import type {PciFunction} from './native.ts';

export type Node = {
	readonly it: PciFunction;
	readonly below: readonly Node[];
	/** Siblings of the same kind that this one stands for, itself not counted. */
	readonly more: readonly PciFunction[];
};

export type Root = {
	/** '0000:00'; '' for what stands below bridges that nobody has seen. */
	readonly bus: string;
	readonly nodes: readonly Node[];
};

export type TreeOptions = {
	/** Everything, one by one. */
	readonly isWhole: boolean;
	/** Functions that are shown by themselves in any case. */
	readonly keep?: readonly string[];
};

export type Trees = {readonly roots: readonly Root[]; readonly leftOut: number};

/** One tree for each root bus, in the order of their numbers. */
export function treesOf(
	functions: readonly PciFunction[],
	{isWhole, keep = []}: TreeOptions,
): Trees {
	const known = new Set(functions.map(({bdf}) => bdf));
	const byParent = groupBy(functions, ({parent}) =>
		parent !== null && known.has(parent) ? parent : '',
	);
	const grow = (it: PciFunction): Node => {
		const below = (byParent.get(it.bdf) ?? []).map(grow);
		return {it, below, more: []};
	};
	const tops = (byParent.get('') ?? []).map(grow);
	const kept = isWhole
		? tops
		: fold(
				tops.flatMap((node) => prune(node, keep)),
				keep,
			);
	const byBus = groupBy(kept, ({it}) => it.rootBus);
	return {
		roots: [...byBus].map(([bus, nodes]) => ({bus, nodes})),
		leftOut: isWhole ? 0 : functions.length - countOf(kept),
	};
}

/** Every node from the top down, with the row of siblings that it stands in. */
export function* walk(nodes: readonly Node[], depth = 0): Generator<{node: Node; depth: number}> {
	for (const node of nodes) {
		yield {node, depth};
		yield* walk(node.below, depth + 1);
	}
}

// What can take no part in a transfer, and bridges that lead to nothing else.
function prune(node: Node, keep: readonly string[]): Node[] {
	const below = node.below.flatMap((child) => prune(child, keep));
	const matters = partsOf(node.it).length > 0 || below.length > 0 || keep.includes(node.it.bdf);
	return matters ? [{...node, below: fold(below, keep)}] : [];
}

/** From this many on siblings of one kind are shown as one. */
const foldFrom = 3;

function fold(nodes: readonly Node[], keep: readonly string[]): Node[] {
	const folded: Node[] = [];
	for (const group of groupBy(nodes, (node) =>
		keep.includes(node.it.bdf) ? node.it.bdf : kindOf(node),
	).values()) {
		const [first, ...rest] = group;
		if (first === undefined) continue;
		if (group.length < foldFrom || first.below.length > 0) folded.push(...group);
		else folded.push({...first, more: rest.map(({it}) => it)});
	}
	return folded.sort((a, b) => (a.it.bdf < b.it.bdf ? -1 : 1));
}

function kindOf({it, below}: Node): string {
	if (below.length > 0) return it.bdf;
	const memory = memoryOf(it).map(({name, size}: Memory) => `${name} ${size}`);
	return [className(it), it.vendor, it.device, it.driver, it.acs, it.link.width, ...memory].join();
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

function countOf(nodes: readonly Node[]): number {
	return [...walk(nodes)].reduce((sum, {node}) => sum + 1 + node.more.length, 0);
}
