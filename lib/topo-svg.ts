// SPDX-License-Identifier: MIT
// The tree as a picture: from left to right, links as wide as they carry, redirects in colour and
// by their letters, a route drawn over it.

import type {PciFunction} from './native.ts';
import {aboutOf, isPort, linkOf, nameOf, redirects, whatOf} from './topo-words.ts';
import type {Node, Root, Trees} from './tree.ts';

/** The functions of a route, in its order, and the sentence about it. */
export type Way = {
	readonly bdfs: readonly string[];
	readonly isThroughRoot: boolean;
	readonly turnsAt: string | null;
	readonly sentence: string;
} | null;

/** Is the line from above to below part of the way? above undefined: the root complex. */
export function isOnRoute(way: Way, above: PciFunction | undefined, below: PciFunction): boolean {
	if (way === null || !way.bdfs.includes(below.bdf)) return false;
	return above === undefined ? way.isThroughRoot : way.bdfs.includes(above.bdf);
}

export function topoSvg({roots, leftOut}: Trees, way: Way): string {
	const top = way === null ? 24 : 48;
	const placed = placeRoots(roots, top);
	const boxes = placed.flatMap(flatten);
	const width = Math.max(320, ...boxes.map(({x, size}) => x + size.width)) + margin;
	const bottom = Math.max(top, ...boxes.map(({y, size}) => y + size.height));
	const note = leftOut === 0 ? '' : `${leftOut} functions that take no part left out`;
	const height = bottom + 44;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, Helvetica, Arial, sans-serif">`,
		'<title>PCI Express topology</title>',
		`<rect width="${width}" height="${height}" fill="#fbfbfa"/>`,
		...(way === null ? [] : [text(margin, 28, way.sentence, 14, '#1d4ed8', 600)]),
		...placed.flatMap((box) => edges(box, way)),
		...boxes.map((box) => drawBox(box, way)),
		text(
			margin,
			height - 16,
			`line: link, as wide as it carries   RR CR EC: ACS redirect of requests, completions, by egress control   ${note}`,
			11,
			'#78716c',
		),
		'</svg>',
		'',
	].join('\n');
}

type Size = {readonly width: number; readonly height: number};
type Box = {
	readonly x: number;
	readonly y: number;
	readonly size: Size;
	readonly node: Node | undefined;
	readonly label: string;
	readonly below: readonly Box[];
};

const margin = 24;
const gap = 10;
/** From one level to the next; wide enough for the text of a link. */
const reach = 110;
const portSize: Size = {width: 132, height: 40};
const cardSize: Size = {width: 236, height: 54};
const rootSize: Size = {width: 92, height: 34};

function sizeOf({it}: Node): Size {
	return isPort(it) ? portSize : cardSize;
}

function placeRoots(roots: readonly Root[], top: number): Box[] {
	let y = top;
	return roots.map(({bus, nodes}) => {
		const box = placeBox({label: bus || 'not seen', nodes, size: rootSize, x: margin, y});
		y = Math.max(...flatten(box).map((it) => it.y + it.size.height)) + 3 * gap;
		return box;
	});
}

type ToPlace = {
	readonly label: string;
	readonly node?: Node;
	readonly nodes: readonly Node[];
	readonly size: Size;
	readonly x: number;
	readonly y: number;
};

// Leaves take a row each; what stands above is centred on its first and last.
function placeBox({label, node, nodes, size, x, y}: ToPlace): Box {
	let next = y;
	const below = nodes.map((child) => {
		const box = placeBox({
			label: nameOf(child),
			node: child,
			nodes: child.below,
			size: sizeOf(child),
			x: x + size.width + reach,
			y: next,
		});
		next = Math.max(...flatten(box).map((it) => it.y + it.size.height)) + gap;
		return box;
	});
	const first = below[0];
	const last = below.at(-1);
	const middle = first && last ? (centre(first) + centre(last)) / 2 : y + size.height / 2;
	return {x, y: Math.max(y, middle - size.height / 2), size, node, label, below};
}

function centre({y, size}: Box): number {
	return y + size.height / 2;
}

function flatten(box: Box): Box[] {
	return [box, ...box.below.flatMap(flatten)];
}

function edges(box: Box, way: Way): string[] {
	const from = box.x + box.size.width;
	return box.below.flatMap((child) => {
		const isMarked = child.node !== undefined && isOnRoute(way, box.node?.it, child.node.it);
		const bend = from + 22;
		const path = `M${from} ${centre(box)}H${bend}V${centre(child)}H${child.x}`;
		const stroke = isMarked ? '#1d4ed8' : '#a8a29e';
		const wide = isMarked ? Math.max(3, widthOf(child)) : widthOf(child);
		const link = child.node === undefined ? '' : linkOf(child.node);
		const [now = '', max] = link.split(' of ');
		return [
			`<path d="${path}" fill="none" stroke="${stroke}" stroke-width="${wide}" stroke-linejoin="round"/>`,
			text(bend + 6, centre(child) - 5, now, 10, max === undefined ? '#57534e' : '#b45309'),
			...(max === undefined ? [] : [text(bend + 6, centre(child) + 13, `of ${max}`, 9, '#b45309')]),
			...edges(child, way),
		];
	});
}

/** 1 for the least of links, one more for each doubling of what it carries. */
function widthOf({node}: Box): number {
	const {speedGTs, width} = node?.it.link ?? {speedGTs: null, width: null};
	if (speedGTs === null || width === null) return 1;
	return Math.min(9, 1 + Math.log2(Math.max(1, (speedGTs * width) / 2.5)) * 0.75);
}

function drawBox({x, y, size, node, label}: Box, way: Way): string {
	if (node === undefined) {
		return `${frame(x, y, size, '#f5f5f4', '#57534e')}${text(x + 12, y + 21, label, 12, '#292524', 600)}`;
	}
	const {it} = node;
	const bits = redirects(it).join(' ').toUpperCase();
	const isMarked = way?.bdfs.includes(it.bdf) ?? false;
	const edge = isMarked ? '#1d4ed8' : bits === '' ? '#a8a29e' : '#c2410c';
	const fill = isPort(it) ? '#ffffff' : '#f0f6ff';
	const room = Math.floor((size.width - 20) / 5.6);
	const lines = isPort(it)
		? [badge(x, y, size, bits || (it.acs === null ? 'ACS ?' : ''))]
		: [text(x + 10, y + 47, cut(aboutOf(node), room), 10, '#57534e')];
	const turn = way?.turnsAt === it.bdf ? turnMark(x + size.width, y) : '';
	return [
		'<g>',
		`<title>${escaped([it.bdf, whatOf(node), aboutOf(node)].join('\n'))}</title>`,
		frame(x, y, size, fill, edge, isMarked ? 2.5 : 1.2),
		text(x + 10, y + 17, label, 12, '#1c1917', 600),
		text(x + 10, y + 32, cut(whatOf(node), room), 11, '#44403c'),
		...lines,
		turn,
		'</g>',
	].join('');
}

function badge(x: number, y: number, {width}: Size, bits: string): string {
	if (bits === '') return '';
	const wide = 8 + bits.length * 6.6;
	const at = x + width - wide - 6;
	return `<rect x="${at}" y="${y + 5}" width="${wide}" height="16" rx="4" fill="#ffedd5"/>${text(at + 4, y + 17, bits, 10, '#c2410c', 700)}`;
}

function turnMark(x: number, y: number): string {
	return `<circle cx="${x}" cy="${y}" r="8" fill="#1d4ed8"/>${text(x - 4, y + 4, '↩', 11, '#ffffff', 700)}`;
}

function frame(
	x: number,
	y: number,
	{width, height}: Size,
	fill: string,
	stroke: string,
	wide = 1.2,
): string {
	return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${fill}" stroke="${stroke}" stroke-width="${wide}"/>`;
}

function text(
	x: number,
	y: number,
	words: string,
	size: number,
	fill: string,
	weight = 400,
): string {
	if (words === '') return '';
	return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${fill}" xml:space="preserve">${escaped(words)}</text>`;
}

function cut(words: string, room: number): string {
	return words.length <= room ? words : `${words.slice(0, room - 1)}…`;
}

function escaped(words: string): string {
	const entities: Readonly<Record<string, string>> = {
		'&': '&amp;',
		'<': '&lt;',
		'>': '&gt;',
		'"': '&quot;',
	};
	// Control characters are no part of XML, whatever a driver calls itself.
	return [...words]
		.filter((it) => it >= ' ' || it === '\n')
		.map((it) => entities[it] ?? it)
		.join('');
}
