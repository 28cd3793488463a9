// SPDX-License-Identifier: MIT
// The tree of a machine, and the way between two functions, in the terminal.

import type {Machine} from './native.ts';
import type {Style} from './style.ts';
import {table} from './table.ts';
import {
	acsWords,
	groupWords,
	isPort,
	leftOutWords,
	legend,
	linkOf,
	linkWords,
	memoryWords,
	nameOf,
	redirects,
	rootWords,
	whatOf,
} from './topo-words.ts';
import {type Node, type Trees, walk} from './tree.ts';
import {type Stop, slowestOf, stopsOf, type Way} from './way.ts';

/** The signs that a tree is drawn with. */
export type Signs = {
	readonly isAscii: boolean;
	readonly branch: string;
	readonly last: string;
	readonly trunk: string;
	readonly down: string;
};

const unicode: Signs = {isAscii: false, branch: '├─', last: '└─', trunk: '│ ', down: '│'};
const ascii: Signs = {isAscii: true, branch: '|-', last: '`-', trunk: '| ', down: '|'};

/** Box characters where the locale has them, as lsblk chooses. */
export function signsOf({LC_ALL, LC_CTYPE, LANG}: NodeJS.ProcessEnv): Signs {
	return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? unicode : ascii;
}

/** What stands in front of each node of a tree, in the order of walk(). */
export function* prefixes(
	nodes: readonly Node[],
	signs: Signs,
	margin = '',
): Generator<{prefix: string; node: Node}> {
	for (const [i, node] of nodes.entries()) {
		const isLast = i === nodes.length - 1;
		yield {prefix: margin + (isLast ? signs.last : signs.branch), node};
		yield* prefixes(node.below, signs, margin + (isLast ? '  ' : signs.trunk));
	}
}

export async function topoText(trees: Trees, signs: Signs, style: Style): Promise<string> {
	const rows = trees.roots.flatMap((root) => [
		[rootWords(root).map(style.strong).join('  ')],
		...[...prefixes(root.nodes, signs)].map(({prefix, node}) => [
			`${prefix}${nameOf(node)}`,
			...cellsOf(node, style),
		]),
	]);
	const notes = notesOf(trees);
	return `${await aligned(rows)}${notes.length === 0 ? '' : `\n${notes.join('\n')}\n`}`;
}

/** The way, a stop a line, and between them the links. */
export async function routeText(way: Way, machine: Machine, signs: Signs): Promise<string> {
	const slowest = slowestOf(way);
	const rows = stopsOf(way, machine).flatMap((stop, i, stops) => {
		const cells = stopCells(stop);
		if (i === stops.length - 1) return [cells];
		const words = stop.link === undefined ? '' : linkWords({it: stop.link, below: [], more: []});
		const isSlowest = stop.link !== undefined && stop.link === slowest?.it;
		return [
			cells,
			[`  ${signs.down} ${words}`.trimEnd(), '', isSlowest ? (slowest?.words ?? '') : ''],
		];
	});
	return aligned(rows);
}

/** For a locale without ×, … and the like. */
export function inLocale(text: string, {isAscii}: Signs): string {
	if (!isAscii) return text;
	const signs: Readonly<Record<string, string>> = {'×': 'x', '…': '-'};
	return text.replace(/[×…]/g, (sign) => signs[sign] ?? sign);
}

/** Lines no longer than a terminal is wide; colours count for nothing. */
export function cutLines(text: string, columns: number): string {
	const cut = (line: string) => {
		let room = columns;
		// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with ESC.
		return line.replace(/\x1b\[[\d;]*m|./gu, (it) =>
			it.startsWith('\x1b') || room-- > 0 ? it : '',
		);
	};
	return text.split('\n').map(cut).join('\n');
}

function cellsOf(node: Node, style: Style): string[] {
	const {it} = node;
	const isSlow = (linkOf(it)?.max ?? '') !== '';
	const acs = acsWords(it);
	const driver = isPort(it) ? '' : (it.driver ?? '');
	return [
		isPort(it) ? style.faint(whatOf(node)) : whatOf(node),
		isSlow ? style.warn(linkWords(node)) : linkWords(node),
		[driver, redirects(it) === '' ? style.faint(acs) : style.warn(acs)].filter(Boolean).join(', '),
		style.faint(groupWords(node)),
		memoryWords(node),
	];
}

function stopCells({it, bus, notes}: Stop): string[] {
	if (it === undefined) return [bus, 'root complex', notes.join(', ')];
	return [it.bdf, whatOf({it, below: [], more: []}), notes.join(', ')];
}

function notesOf(trees: Trees): string[] {
	const nodes = trees.roots.flatMap((root) => [...walk(root.nodes)]);
	const leftOut = leftOutWords(trees);
	const isFolded = nodes.some(({more}) => more.length > 0);
	const hidden = [
		...(leftOut === '' ? [] : [leftOut]),
		...(isFolded ? ['neighbours of one kind share a line'] : []),
	];
	return [
		...(nodes.some(({it}) => redirects(it) !== '') ? [legend] : []),
		...(hidden.length === 0 ? [] : [`${hidden.join('; ')}; --all shows everything`]),
	];
}

// A root's line is longer than its column and must not widen it.
async function aligned(rows: readonly (readonly string[])[]): Promise<string> {
	const width = Math.max(...rows.map((row) => row.length));
	const isHeading = (row: readonly string[]) => row.length === 1;
	const full = rows.map((row) => (isHeading(row) ? Array<string>(width).fill('') : row));
	const lines = (await table(full, {isRaw: false, rightAligned: []})).split('\n');
	return lines.map((line, i) => (rows[i] && isHeading(rows[i]) ? rows[i][0] : line)).join('\n');
}
