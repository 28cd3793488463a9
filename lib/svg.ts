// SPDX-License-Identifier: MIT
// SVG by hand: elements as text, everything escaped.

export type Attributes = Readonly<Record<string, string | number>>;
export type Point = readonly [x: number, y: number];

/** One element; its children are elements already, never words. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
	const words = Object.entries(attributes).map(
		([key, value]) => ` ${key}="${escaped(`${value}`)}"`,
	);
	const start = `<${name}${words.join('')}`;
	return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

export function text([x, y]: Point, words: string, attributes: Attributes): string {
	if (words === '') return '';
	return element('text', {x: short(x), y: short(y), ...attributes}, escaped(words));
}

/** What shows while the mouse rests on the element around it. */
export function title(words: string): string {
	return `<title>${escaped(words)}</title>`;
}

/** Through all points, with round corners. */
export function pathThrough(points: readonly Point[], radius = 8): string {
	const turns = points.filter(([x, y], i) => x !== points[i - 1]?.[0] || y !== points[i - 1]?.[1]);
	const steps = turns.map((at, i): string => {
		const before = turns[i - 1];
		const after = turns[i + 1];
		if (before === undefined) return `M${pair(at)}`;
		if (after === undefined) return `L${pair(at)}`;
		return `L${pair(towards(at, before, radius))}Q${pair(at)} ${pair(towards(at, after, radius))}`;
	});
	return steps.join('');
}

/** As wide as words come out in a usual sans-serif, or a little more. */
export function widthOf(words: string, size: number): number {
	return words.length * size * 0.56;
}

export function cut(words: string, size: number, width: number): string {
	const room = Math.floor(width / (size * 0.56));
	return words.length <= room ? words : `${words.slice(0, Math.max(0, room - 1)).trimEnd()}…`;
}

/** In lines of that width, broken between words. */
export function wrap(words: string, size: number, width: number): string[] {
	const lines: string[] = [];
	for (const word of words.split(' ')) {
		const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
		if (lines.length > 0 && widthOf(longer, size) <= width) lines[lines.length - 1] = longer;
		else lines.push(word);
	}
	return lines;
}

// Control characters are no part of XML, whatever a driver calls itself, nor are half surrogates.
function escaped(words: string): string {
	const entities: Readonly<Record<string, string>> = {
		'&': '&amp;',
		'<': '&lt;',
		'>': '&gt;',
		'"': '&quot;',
	};
	return [...words]
		.filter((it) => it === '\n' || (it >= ' ' && !/[\ud800-\udfff\ufffe\uffff]/u.test(it)))
		.map((it) => entities[it] ?? it)
		.join('');
}

/** The point at most that far from one point on the way to another, and no further than half. */
function towards([x, y]: Point, [otherX, otherY]: Point, distance: number): Point {
	const length = Math.hypot(otherX - x, otherY - y);
	const share = Math.min(distance, length / 2) / length;
	return [x + (otherX - x) * share, y + (otherY - y) * share];
}

function pair([x, y]: Point): string {
	return `${short(x)} ${short(y)}`;
}

function short(number: number): number {
	return Math.round(number * 10) / 10;
}
