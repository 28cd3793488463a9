// SPDX-License-Identifier: MIT
// A way over the picture: one line from the client to the provider, with an arrow at its end and a
// sign where requests turn.

import type {PciFunction, VerdictWord} from './native.ts';
import {element, type Point, pathThrough, text} from './svg.ts';
import {type Bar, type Box, bendBefore, boxesOf, centre, rightOf} from './topo-layout.ts';
import type {Way} from './way.ts';

const colours: Readonly<Record<VerdictWord, string>> = {
	direct: '#15803d',
	'through-root': '#1d4ed8',
	no: '#b91c1c',
	unknown: '#7e22ce',
};

export function colourOf({pair}: Way): string {
	return colours[pair.verdict];
}

export function drawWay(way: Way, bars: readonly Bar[]): string {
	const points = way.up.length + way.down.length === 0 ? [] : pointsOf(way, bars);
	if (points.length < 2) return '';
	const colour = colourOf(way);
	const isSure = way.pair.verdict === 'direct' || way.pair.verdict === 'through-root';
	const head = element('path', {d: 'M0 0L12 6L0 12L3 6Z', fill: colour});
	const marker = {
		...{id: 'arrow', viewBox: '0 0 12 12', refX: 11, refY: 6},
		...{markerWidth: 15, markerHeight: 15, markerUnits: 'userSpaceOnUse', orient: 'auto'},
	};
	const line = {
		...{d: pathThrough(points), fill: 'none', stroke: colour, 'stroke-width': 3.5},
		...{'stroke-linecap': 'round', 'marker-end': 'url(#arrow)'},
		...(isSure ? {} : {'stroke-dasharray': '9 7'}),
	};
	return element('defs', {}, element('marker', marker, head)) + element('path', line);
}

/** Where it turns: an arrow back, or a question mark. */
export function drawTurn(way: Way, bars: readonly Bar[]): string {
	const at = turnOf(way, bars);
	// Where one end stands above the other requests go straight.
	const isStraight = way.turn !== undefined && (way.up.length === 0 || way.down.length === 0);
	if (at === undefined || isStraight) return '';
	const [x, y] = at;
	const isKnown = way.pair.fabric.request !== 'unknown';
	const white = {'font-size': 13, 'font-weight': 700, fill: '#ffffff', 'text-anchor': 'middle'};
	const back = {
		d: `M${x + 4} ${y - 3}H${x - 1}A3 3 0 0 0 ${x - 1} ${y + 3}H${x + 2}`,
		fill: 'none',
	};
	const tip = {d: `M${x + 5} ${y + 3}l-4 -3v6z`, fill: '#ffffff'};
	return element(
		'g',
		{},
		element('circle', {cx: x, cy: y, r: 11, fill: colourOf(way), stroke: '#ffffff'}),
		...(isKnown
			? [element('path', {...back, stroke: '#ffffff', 'stroke-width': 1.8}), element('path', tip)]
			: [text([x, y + 4.5], '?', white)]),
	);
}

/** Half of what lies between the lane up and the lane down where both take the same lines. */
const lane = 5;

function pointsOf(way: Way, bars: readonly Bar[]): Point[] {
	const {up, turn, down} = way;
	const lanes = {
		find: finder(bars),
		isShared: (it: PciFunction) => up.includes(it) && down.includes(it),
	};
	const x = turnX(lanes.find(turn), bars);
	return [
		...climb(up, turn, -1, x, lanes),
		...climb(down.toReversed(), turn, 1, x, lanes).toReversed(),
	];
}

type Lanes = {
	readonly find: (it: PciFunction | undefined) => Box | undefined;
	/** Both taken up and down: then the two go side by side. */
	readonly isShared: (it: PciFunction) => boolean;
};

// From an end of the way to the place where it meets the climb from the other end.
function climb(
	chain: readonly PciFunction[],
	turn: PciFunction | undefined,
	side: -1 | 1,
	x: number,
	{find, isShared}: Lanes,
): Point[] {
	const top = find(turn);
	if (chain.length === 0 && top !== undefined)
		return [
			[rightOf(top), centre(top)],
			[x, centre(top)],
		];
	const isSplit = chain.some(isShared);
	return chain
		.flatMap((it, i): Point[] => {
			const box = find(it);
			if (box === undefined) return [];
			const y = centre(box) + (isShared(it) ? side * lane : 0);
			const isTop = i === chain.length - 1;
			const bend = isTop ? x : box.x - bendBefore + (isSplit ? side * lane : 0);
			return [...(i === 0 ? [] : [[rightOf(box), y] as const]), [box.x, y], [bend, y]];
		})
		.flatMap(withCorner);
}

// Vertical where the next point is of another height.
function withCorner(at: Point, i: number, all: readonly Point[]): Point[] {
	const next = all[i + 1];
	return next === undefined || next[1] === at[1] ? [at] : [at, [at[0], next[1]]];
}

function turnX(turn: Box | undefined, bars: readonly Bar[]): number {
	if (turn === undefined) return Math.max(...bars.map(rightOf)) - 18;
	return (turn.below[0]?.x ?? rightOf(turn)) - bendBefore;
}

function turnOf({up, turn, down}: Way, bars: readonly Bar[]): Point | undefined {
	const find = finder(bars);
	const at = find(turn);
	const ends = [find(up.at(-1)) ?? at, find(down[0]) ?? at].flatMap((box) => box ?? []);
	const [first, last] = ends;
	if (first === undefined || last === undefined || first === last) {
		return first === undefined ? undefined : [turnX(at, bars), centre(first)];
	}
	return [turnX(at, bars), (centre(first) + centre(last)) / 2];
}

function finder(bars: readonly Bar[]): (it: PciFunction | undefined) => Box | undefined {
	const boxes = bars.flatMap(({below}) => [...boxesOf(below)]);
	const byName = new Map(boxes.map((box) => [box.node.it.bdf, box]));
	return (it) => (it === undefined ? undefined : byName.get(it.bdf));
}
