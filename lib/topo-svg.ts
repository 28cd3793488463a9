// SPDX-License-Identifier: MIT
// The tree as a picture: links as thick as they are fast, switches framed, redirects in colour and
// by their letters, a way drawn over it.

import {className} from './function.ts';
import type {PciFunction} from './native.ts';
import {cut, element, type Point, text, title, widthOf, wrap} from './svg.ts';
import {
	type Bar,
	type Box,
	bendBefore,
	boxesOf,
	cardOf,
	centre,
	layOut,
	margin,
	rightOf,
	switchFrame,
} from './topo-layout.ts';
import {badge, ink, rectangle} from './topo-svg-ink.ts';
import {legendOf} from './topo-svg-legend.ts';
import {colourOf, drawTurn, drawWay} from './topo-svg-way.ts';
import {groupWords, isPort, isSwitch, linkOf, redirects, rootWords, whatOf} from './topo-words.ts';
import {membersOf} from './tree.ts';
import {type Picture, slowestOf, type Way} from './way.ts';

export function topoSvg(picture: Picture): string {
	const {trees, way} = picture;
	const atTop = layOut(trees.roots, 0);
	const boxes = atTop.flatMap(({below}) => [...boxesOf(below)]);
	const width = Math.ceil(Math.max(760, ...boxes.map((box) => rightOf(box) + margin)));
	const header = headerOf(picture, width);
	const bars = layOut(trees.roots, header.height);
	const bottom = Math.max(header.height, ...bars.map((bar) => bar.y + bar.height));
	const legend = legendOf(trees, bottom + margin);
	return page(width, legend.bottom + margin, [
		...header.parts,
		...bars.map(drawBar),
		...bars.flatMap(({below}) => [...boxesOf(below)].filter(({node}) => isSwitch(node))).map(frame),
		...bars.flatMap((bar) => lines(bar, way)),
		...(way === undefined ? [] : [drawWay(way, bars)]),
		...bars.flatMap(({below}) => [...boxesOf(below)].map((box) => drawBox(box, way))),
		...(way === undefined ? [] : [drawTurn(way, bars)]),
		...legend.parts,
	]);
}

function page(width: number, height: number, parts: readonly string[]): string {
	const attributes = {
		xmlns: 'http://www.w3.org/2000/svg',
		width,
		height,
		viewBox: `0 0 ${width} ${height}`,
		'font-family': 'Inter, Helvetica, Arial, sans-serif',
	};
	const paper = element('rect', {width, height, fill: '#fdfdfc'});
	return `${element('svg', attributes, '\n', [title('PCI Express topology'), paper, ...parts].join('\n'), '\n')}\n`;
}

type Header = {readonly parts: readonly string[]; readonly height: number};

function headerOf({caption, way, sentence = ''}: Picture, width: number): Header {
	const small = text([margin, 34], caption, {'font-size': 12, fill: ink.soft});
	if (way === undefined) return {parts: [small], height: 52};
	const lines = wrap(sentence, 15, width - 2 * margin);
	const style = {'font-size': 15, 'font-weight': 600, fill: colourOf(way)};
	const parts = lines.map((line, i) => text([margin, 62 + 21 * i], line, style));
	return {parts: [small, ...parts], height: 62 + 21 * lines.length};
}

function drawBar(bar: Bar): string {
	const [name = '', more = ''] = rootWords(bar.root);
	const isSeen = bar.root.bus !== '';
	const at = (y: number): Point => [bar.x + 12, bar.y + y];
	const small = {'font-size': 10, fill: ink.soft};
	return [
		rectangle(bar, {fill: '#eeece8', stroke: '#d6d3d1', ...(isSeen ? {} : dashed)}),
		text(at(23), isSeen ? name : 'not seen', {
			'font-size': 13,
			'font-weight': 700,
			fill: ink.strong,
		}),
		text(at(38), isSeen ? 'root complex' : 'bridges above', small),
		text(at(52), more, small),
	].join('');
}

const dashed = {'stroke-dasharray': '4 3'};

function frame(box: Box): string {
	return rectangle(switchFrame(box), {rx: 10, fill: '#f5f3ef', stroke: '#e7e2d9'});
}

function lines(bar: Bar, way: Way | undefined): string[] {
	const slow = way && slowestOf(way);
	const slowest = slow?.isBottleneck ? slow.it : undefined;
	const stubs = bar.below.map((box) => `M${rightOf(bar)} ${centre(box)}H${box.x}`);
	const thin = element('path', {d: stubs.join(''), stroke: ink.line, fill: 'none'});
	const above = [...boxesOf(bar.below)].filter(({below}) => below.length > 0);
	return [thin, ...above.flatMap((box) => linesOf(box, slowest))];
}

// One link, however many functions of a device share it.
function linesOf(box: Box, slowest: PciFunction | undefined): string[] {
	const start = rightOf(box);
	const bend = (box.below[0]?.x ?? start) - bendBefore;
	const middle = centre(box);
	const arms = box.below.map((child) => `M${bend} ${middle}V${centre(child)}H${child.x}`);
	const below = isSwitch(box.node) ? undefined : linkBelow(box);
	const attributes = {
		d: `M${start} ${middle}H${bend}${arms.join('')}`,
		fill: 'none',
		stroke: ink.line,
		'stroke-width': below === undefined ? 1 : thicknessOf(below),
		'stroke-linejoin': 'round',
	};
	const link = below && linkOf(below);
	const isSlowest = box.below.some(({node}) => node.it === slowest);
	const remark = [isSlowest ? 'slowest' : '', link?.max ? `of ${link.max}` : ''];
	const at = (dy: number): Point => [(start + bend) / 2 + 3, middle + dy];
	const small = {'font-size': 10, 'text-anchor': 'middle'};
	return [
		element('path', attributes),
		text(at(-9), link?.now ?? '', {...small, fill: ink.plain}),
		text(at(17), remark.filter(Boolean).join(', '), {...small, fill: ink.slow}),
	];
}

function linkBelow({below}: Box): PciFunction | undefined {
	return below.map(({node}) => node.it).find((it) => linkOf(it) !== undefined);
}

/** From 1.5 for the slowest of links to 7: more for each doubling of what it carries. */
function thicknessOf({link: {speedGTs, width}}: PciFunction): number {
	const doublings = Math.log2(Math.max(1, ((speedGTs ?? 0) * (width ?? 1)) / 2.5));
	return Math.round(Math.min(7, 1.5 + doublings * 0.6) * 10) / 10;
}

function drawBox(box: Box, way: Way | undefined): string {
	const {node} = box;
	const isOnWay = way?.pair.client === node.it.bdf || way?.pair.provider === node.it.bdf;
	const isCulprit = way?.pair.fabric.culprits.some(({bdf}) => bdf === node.it.bdf) ?? false;
	const bits = redirects(node.it);
	const stroke = isOnWay && way ? colourOf(way) : bits === '' ? ink.line : ink.redirect;
	const style = {fill: '#ffffff', stroke, 'stroke-width': isOnWay || isCulprit ? 2.2 : 1};
	const copies = node.more.length === 0 ? [] : [4, 2];
	const behind = copies.map((by) => rectangle({...box, x: box.x + by, y: box.y + by}, style));
	const whole = membersOf(node).map(({bdf}) => bdf);
	const {about} = cardOf(node);
	return element(
		'g',
		{},
		title([whole.join(' '), whatOf(node), about, groupWords(node)].filter(Boolean).join('\n')),
		...behind,
		rectangle(box, style),
		...(isPort(node.it) ? portParts(box, isCulprit) : cardParts(box)),
	);
}

function portParts(box: Box, isCulprit: boolean): string[] {
	const {node, x, y} = box;
	const bits = redirects(node.it);
	const isUnknown = node.it.acs === null;
	const words = isUnknown ? 'ACS ?' : bits;
	const what = node.more.length === 0 ? whatOf(node) : `${node.more.length + 1} ports`;
	const left = rightOf(box) - widthOf(words, 10) - 17;
	return [
		text([x + 9, y + 16], cardOf(node).name, {
			...bold,
			...(node.more.length > 0 ? {'font-size': 11} : {}),
		}),
		text([x + 9, y + 30], cut(what, 10, box.width - 14), small),
		words === ''
			? ''
			: badge(
					[left, y + (node.more.length > 0 ? 20 : 5)],
					words,
					isUnknown ? 'unknown' : isCulprit ? 'culprit' : 'redirect',
				),
	];
}

const bold = {'font-size': 12, 'font-weight': 700, fill: ink.strong};
const small = {'font-size': 10, fill: ink.soft};

function cardParts(box: Box): string[] {
	const {node, x, y, width, height} = box;
	const {name, what, about} = cardOf(node);
	const right: Point = [x + width - 10, y + 18];
	return [
		rectangle({x: x + 4, y: y + 6, width: 4, height: height - 12}, {rx: 2, fill: tintOf(node.it)}),
		text([x + 16, y + 18], name, bold),
		text(right, groupWords(node), {...small, 'text-anchor': 'end'}),
		text([x + 16, y + 33], cut(what, 11, width - 24), {'font-size': 11, fill: ink.plain}),
		text([x + 16, y + 47], cut(about, 10, width - 24), small),
	];
}

/** A tint for what it is; its card says so in words. */
function tintOf(it: PciFunction): string {
	const base = it.classCode >> 16;
	if (base === 0x01) return '#93c5fd';
	if (base === 0x02 || base === 0x0d || className(it) === 'infiniband') return '#5eead4';
	if (base === 0x03 || base === 0x12) return '#86efac';
	return base === 0x05 ? '#c4b5fd' : '#e7e5e4';
}
