// SPDX-License-Identifier: MIT
// Where each function stands in the picture: a tidy tree from left to right. Leaves take a row
// each; what stands above is centred on its first and last.

import {widthOf} from './svg.ts';
import {acsWords, groupWords, isPort, isSwitch, memoryWords, nameOf, whatOf} from './topo-words.ts';
import {type Node, type Root, walk} from './tree.ts';

export type Rectangle = {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
};

export type Box = Rectangle & {
	readonly node: Node;
	readonly below: readonly Box[];
	/** Where the whole branch ends. */
	readonly bottom: number;
};

/** A root bus: as high as all that hangs on it. */
export type Bar = Rectangle & {readonly root: Root; readonly below: readonly Box[]};

/** The three lines of an endpoint's card. */
export type Card = {readonly name: string; readonly what: string; readonly about: string};

export const margin = 28;
/** Between a line's last bend and the boxes that it leads to. */
export const bendBefore = 18;
export const port = {width: 124, height: 38};
const bar = {width: 108, leastHeight: 64};
const cardHeight = 54;
const gap = 10;
const rootGap = 28;
/** From one level to the next: inside a switch or the root complex, and along a link. */
const reach = {inside: 38, link: 108};
const switchPadding = 8;

export function layOut(roots: readonly Root[], top: number): Bar[] {
	const cardWidth = cardWidthOf(roots.flatMap(({nodes}) => nodes));
	let y = top;
	return roots.map((root) => {
		const x = margin + bar.width + reach.inside;
		const below = placeColumn(root.nodes, {x, y, cardWidth});
		const bottom = Math.max(y + bar.leastHeight, ...below.map((box) => box.bottom));
		const placed = {root, below, x: margin, y, width: bar.width, height: bottom - y};
		y = bottom + rootGap;
		return placed;
	});
}

export function* boxesOf(below: readonly Box[]): Generator<Box> {
	for (const box of below) {
		yield box;
		yield* boxesOf(box.below);
	}
}

export function centre({y, height}: Rectangle): number {
	return y + height / 2;
}

export function rightOf({x, width}: Rectangle): number {
	return x + width;
}

/** The frame around the ports of a switch. */
export function switchFrame(box: Box): Rectangle {
	const ports = [box, ...box.below];
	const top = Math.min(...ports.map(({y}) => y)) - switchPadding;
	const bottom = Math.max(...ports.map(({y, height}) => y + height)) + switchPadding;
	const right = Math.max(...ports.map(rightOf)) + switchPadding;
	const x = box.x - switchPadding;
	return {x, y: top, width: right - x, height: bottom - top};
}

export function cardOf(node: Node): Card {
	const about = [node.it.driver ?? '', acsWords(node.it), memoryWords(node)].filter(Boolean);
	return {name: nameOf(node), what: whatOf(node), about: about.join(' · ')};
}

type Place = {readonly x: number; readonly y: number; readonly cardWidth: number};

function placeColumn(nodes: readonly Node[], place: Place): Box[] {
	let {y} = place;
	return nodes.map((node) => {
		const box = placeNode(node, {...place, y});
		y = box.bottom + gap;
		return box;
	});
}

function placeNode(node: Node, {x, y, cardWidth}: Place): Box {
	const {width, height} = isPort(node.it) ? port : {width: cardWidth, height: cardHeight};
	const isFramed = isSwitch(node);
	const padding = isFramed ? switchPadding : 0;
	const below = placeColumn(node.below, {
		x: x + width + (isFramed ? reach.inside : reach.link),
		y: y + padding,
		cardWidth,
	});
	const first = below[0];
	const last = below.at(-1);
	const middle = first && last ? (centre(first) + centre(last)) / 2 : y + padding + height / 2;
	const own = Math.max(y + padding, middle - height / 2);
	// A folded card has others behind it.
	const depth = node.more.length > 0 ? 4 : 0;
	const bottom = Math.max(own + height + depth, ...below.map((box) => box.bottom)) + padding;
	return {node, below, x, y: own, width, height, bottom};
}

function cardWidthOf(nodes: readonly Node[]): number {
	const widths = [...walk(nodes)]
		.filter(({it}) => !isPort(it))
		.map((node) => {
			const {name, what, about} = cardOf(node);
			const first = widthOf(name, 13) + widthOf(groupWords(node), 10) + 24;
			return Math.max(first, widthOf(what, 11), widthOf(about, 10)) + 26;
		});
	return Math.round(Math.min(290, Math.max(170, ...widths)));
}
