// SPDX-License-Identifier: MIT
// The tree of a machine, and the way between two functions, in the terminal.

import type {Pair, PciFunction} from './native.ts';
import {table} from './table.ts';
import {aboutOf, linkOf, nameOf, stopsOf, whatOf} from './topo-words.ts';
import type {Node, Trees} from './tree.ts';
import {linkText} from './units.ts';

export type Lines = {
	readonly branch: string;
	readonly last: string;
	readonly trunk: string;
	readonly down: string;
};

const unicode: Lines = {branch: '├─', last: '└─', trunk: '│ ', down: '│'};
const ascii: Lines = {branch: '|-', last: '`-', trunk: '| ', down: '|'};

/** Box characters where the locale has them, as lsblk chooses. */
export function linesOf({LC_ALL, LC_CTYPE, LANG}: NodeJS.ProcessEnv): Lines {
	return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? unicode : ascii;
}

/** What stands in front of each node of a tree, in the order of walk(). */
export function* prefixes(
	nodes: readonly Node[],
	lines: Lines,
	margin = '',
): Generator<{prefix: string; node: Node}> {
	for (const [i, node] of nodes.entries()) {
		const isLast = i === nodes.length - 1;
		yield {prefix: margin + (isLast ? lines.last : lines.branch), node};
		yield* prefixes(node.below, lines, margin + (isLast ? '  ' : lines.trunk));
	}
}

export async function topoText({roots, leftOut}: Trees, lines: Lines): Promise<string> {
	const rows = roots.flatMap(({bus, nodes}) => [
		[bus === '' ? 'below bridges that were not seen' : bus, '', '', ''],
		...[...prefixes(nodes, lines)].map(({prefix, node}) => [
			`${prefix}${nameOf(node)}`,
			whatOf(node),
			linkOf(node),
			aboutOf(node),
		]),
	]);
	const text = await table(rows, {isRaw: false, rightAligned: []});
	if (leftOut === 0) return text;
	const what = leftOut === 1 ? 'function that takes' : 'functions that take';
	return `${text}\n${leftOut} ${what} no part in transfers left out; --all shows everything\n`;
}

/** The way, stop by stop, with the links between. */
export async function routeText(
	pair: Pair,
	functions: readonly PciFunction[],
	lines: Lines,
): Promise<string> {
	const slowest = pair.fabric.link?.bdf;
	const rows = stopsOf(pair, functions).flatMap(({it, notes, link}, i, stops) => {
		const stop =
			it === undefined
				? ['', 'root complex', '']
				: [it.bdf, whatOf({it, below: [], more: []}), notes.join(', ')];
		if (i === stops.length - 1) return [stop];
		const speed = link === undefined ? '' : (linkText(link.link) ?? '');
		const mark = link !== undefined && link.bdf === slowest ? 'the slowest link' : '';
		return [stop, [`  ${lines.down} ${speed}`.trimEnd(), '', mark]];
	});
	return table(rows, {isRaw: false, rightAligned: []});
}
