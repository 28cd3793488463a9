// SPDX-License-Identifier: MIT
// A machine drawn as indented text: what may be said is in kinds.ts, the numbers come from place.ts.

import {DrawingError, kinds, parseSize, values} from './kinds.ts';

export {DrawingError} from './kinds.ts';
export {labels, type Placed, place} from './place.ts';

export type DrawnNode = {
	readonly kind: string;
	readonly label?: string;
	/** Bytes, of `ram SIZE`. */
	readonly size?: number;
	readonly keys: Readonly<Record<string, string>>;
	readonly children: readonly DrawnNode[];
	readonly line: number;
};

export type Iommu = 'intel' | 'virtio' | 'amd' | 'none';

export type Drawing = {
	readonly cpu?: string;
	readonly iommu: Iommu;
	readonly kernelParameters: string;
	readonly nodes: readonly DrawnNode[];
};

/** Reads a drawing; the first thing it cannot accept is a DrawingError. */
export function parseDrawing(text: string): Drawing {
	const lines = readLines(text);
	const [first] = lines;
	const machine =
		first?.words[0] === 'machine' ? readKeys(first, first.words.slice(1), machineKeys) : {};
	const nodes = nest(first?.words[0] === 'machine' ? lines.slice(1) : lines);
	refuseDuplicateLabels(nodes, new Map());
	return {
		...(machine.cpu === undefined ? {} : {cpu: machine.cpu}),
		iommu: (machine.iommu ?? 'intel') as Iommu,
		kernelParameters: machine.kernel ?? '',
		nodes,
	};
}

type Line = {readonly number: number; readonly depth: number; readonly words: readonly string[]};
type OpenNode = DrawnNode & {readonly children: OpenNode[]};

const machineKeys = ['cpu', 'iommu', 'kernel'];

/** Names that a label must leave alone, because each label becomes an environment variable. */
const reserved = ['PATH', 'HOME', 'PWD', 'SHELL', 'TERM', 'USER', 'IFS', 'LANG'];

function readLines(text: string): Line[] {
	const drawn = text
		.split('\n')
		.map((raw, index) => ({raw: raw.trimEnd(), number: index + 1}))
		.filter(({raw}) => !/^\s*(#|$)/.test(raw));
	const margin = commonMargin(drawn.map(({raw}) => raw));
	return drawn.map(({raw, number}) => {
		const [indent = ''] = /^[\t ]*/.exec(raw.slice(margin)) ?? [];
		return {number, depth: depthOf(indent, number), words: splitWords(raw, number)};
	});
}

function commonMargin(raws: readonly string[]): number {
	const [first = '', ...others] = raws.map((raw) => /^[\t ]*/.exec(raw)?.[0] ?? '');
	let length = first.length;
	for (const other of others) {
		while (!other.startsWith(first.slice(0, length))) length--;
	}
	return length;
}

function depthOf(indent: string, line: number): number {
	const steps = indent.replaceAll('  ', '\t');
	if (steps.includes(' ')) {
		throw new DrawingError(line, 'indentation is two spaces or one tab a level');
	}
	return steps.length;
}

function splitWords(raw: string, line: number): string[] {
	const words = [...raw.matchAll(/#.*$|(?:[^\s"#]|"[^"]*"|(?<=\S)#)+|"/g)]
		.map(([word]) => word)
		.filter((word) => !word.startsWith('#'));
	if (words.includes('"')) throw new DrawingError(line, 'a quotation mark is not closed');
	return words.map((word) => word.replaceAll('"', ''));
}

function nest(lines: readonly Line[]): DrawnNode[] {
	const top: OpenNode[] = [];
	const open: OpenNode[] = [];
	for (const line of lines) {
		if (line.depth > open.length) {
			throw new DrawingError(line.number, 'indented more than one level below the line above');
		}
		open.length = line.depth;
		const above = open.at(-1);
		const node = readNode(line);
		checkPlace(node, above);
		(above?.children ?? top).push(node);
		open.push(node);
	}
	return top;
}

function readNode(line: Line): OpenNode {
	const [head = '', ...tail] = line.words;
	const label = head.endsWith(':') ? readLabel(line, head.slice(0, -1)) : undefined;
	const [kind = '', ...rest] = label === undefined ? [head, ...tail] : tail;
	const rule = ruleOf(line, kind);
	const size = rule.sized ? readSize(line, kind, rest[0]) : undefined;
	return {
		kind,
		...(label === undefined ? {} : {label}),
		...(size === undefined ? {} : {size}),
		keys: readKeys(line, size === undefined ? rest : rest.slice(1), rule.keys, kind),
		children: [],
		line: line.number,
	};
}

function ruleOf(line: Line, kind: string) {
	const rule = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
	if (rule) return rule;
	if (kind === '') throw new DrawingError(line.number, 'a label needs a kind after it');
	if (kind === 'machine') {
		throw new DrawingError(line.number, 'the `machine` line comes first, without a label');
	}
	throw new DrawingError(line.number, `unknown kind \`${kind}\``);
}

function readLabel(line: Line, label: string): string {
	if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(label)) {
		throw new DrawingError(line.number, `label \`${label}\` is not a shell variable's name`);
	}
	if (reserved.includes(label)) {
		throw new DrawingError(line.number, `label \`${label}\` would hide an environment variable`);
	}
	return label;
}

function readSize(line: Line, kind: string, word: string | undefined): number {
	if (word === undefined) {
		throw new DrawingError(line.number, `\`${kind}\` needs a size, like \`${kind} 64M\``);
	}
	const size = parseSize(word);
	if (!size) throw new DrawingError(line.number, `\`${word}\` is not a size like \`64M\``);
	return size;
}

function readKeys(
	line: Line,
	words: readonly string[],
	known: readonly string[],
	kind = 'machine',
): Record<string, string> {
	const keys: Record<string, string> = {};
	for (const word of words) {
		const [, key = word, value] = /^([^=]*)=(.*)$/.exec(word) ?? [];
		if (!known.includes(key)) {
			throw new DrawingError(line.number, `\`${kind}\` has no key \`${key}\``);
		}
		const rule = values[key];
		if (value === undefined || !rule?.accepts(value)) {
			throw new DrawingError(line.number, `\`${word}\`: ${key} is ${rule?.wants}`);
		}
		if (key in keys) throw new DrawingError(line.number, `key \`${key}\` is given twice`);
		keys[key] = value;
	}
	return keys;
}

function checkPlace(node: OpenNode, above: OpenNode | undefined): void {
	const parent = above?.kind ?? 'root';
	if (above && kinds[parent]?.role === 'endpoint') {
		throw new DrawingError(node.line, `\`${parent}\` is an endpoint: nothing can stand below it`);
	}
	const allowed = kinds[node.kind]?.below ?? [];
	if (!allowed.includes(parent)) {
		const where = parent === 'root' ? 'on the root bus' : `below \`${parent}\``;
		throw new DrawingError(
			node.line,
			`\`${node.kind}\` cannot stand ${where}, only ${allowed.map(describePlace).join(' or ')}`,
		);
	}
	if (above && ['root-port', 'downstream'].includes(parent) && above.children.length > 0) {
		throw new DrawingError(
			node.line,
			`a \`${parent}\` leads to one device: this one is the second`,
		);
	}
}

function describePlace(kind: string): string {
	return kind === 'root' ? 'on the root bus' : `below \`${kind}\``;
}

function refuseDuplicateLabels(nodes: readonly DrawnNode[], seen: Map<string, number>): void {
	for (const node of nodes) {
		const before = node.label === undefined ? undefined : seen.get(node.label);
		if (before !== undefined) {
			throw new DrawingError(node.line, `label \`${node.label}\` is taken by line ${before}`);
		}
		if (node.label !== undefined) seen.set(node.label, node.line);
		refuseDuplicateLabels(node.children, seen);
	}
}
