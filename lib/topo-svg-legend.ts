// SPDX-License-Identifier: MIT
// What the signs of the picture mean, as far as they occur in it.

import {element, type Point, text} from './svg.ts';
import {margin} from './topo-layout.ts';
import {badge, ink, rectangle} from './topo-svg-ink.ts';
import {isPort, leftOutWords, legend, linkOf, redirects} from './topo-words.ts';
import {type Trees, walk} from './tree.ts';

export type Legend = {readonly parts: readonly string[]; readonly bottom: number};

export function legendOf(trees: Trees, top: number): Legend {
	const nodes = trees.roots.flatMap((root) => [...walk(root.nodes)]);
	const leftOut = leftOutWords(trees);
	const rows: readonly (readonly [isShown: boolean, words: string, sign: Sign])[] = [
		[nodes.some(({it}) => linkOf(it)), 'a link, as thick as it is fast', thickLine],
		[nodes.some(({it}) => linkOf(it)?.max), 'a link below what it could be', slowLine],
		[nodes.some(({it}) => it.role === 'upstream-port'), 'a switch, its ports', switchSign],
		[nodes.some(({it}) => redirects(it) !== ''), legend.replace('RR CR EC: ', ''), redirectSign],
		[nodes.some(({it}) => isPort(it) && it.acs === null), 'ACS not read', unknownSign],
		[nodes.some(({more}) => more.length > 0), 'neighbours of one kind', stackSign],
		[leftOut !== '', `${leftOut}; --all shows everything`, () => ''],
	];
	const shown = rows.filter(([isShown]) => isShown);
	const parts = shown.flatMap(([, words, sign], i) => {
		const y = top + 20 * i;
		const x = margin + (leftOut !== '' && i === shown.length - 1 ? 0 : 56);
		return [sign([margin, y]), text([x, y + 12], words, {'font-size': 11, fill: ink.soft})];
	});
	return {parts, bottom: top + 20 * shown.length};
}

type Sign = (at: Point) => string;

const thickLine: Sign = ([x, y]) =>
	element('path', {d: `M${x} ${y + 8}h20`, stroke: ink.line, 'stroke-width': 2}) +
	element('path', {d: `M${x + 20} ${y + 8}h20`, stroke: ink.line, 'stroke-width': 6});

const slowLine: Sign = ([x, y]) => text([x, y + 12], 'of ×16', {'font-size': 10, fill: ink.slow});

const switchSign: Sign = ([x, y]) =>
	rectangle({x, y: y + 1, width: 40, height: 14}, {rx: 5, fill: '#f5f3ef', stroke: '#e7e2d9'});

const redirectSign: Sign = (at) => badge(at, 'RR CR', 'redirect');

const unknownSign: Sign = (at) => badge(at, 'ACS ?', 'unknown');

const stackSign: Sign = ([x, y]) =>
	[4, 2, 0]
		.map((by) => ({x: x + by, y: y + by, width: 32, height: 11}))
		.map((it) => rectangle(it, {rx: 3, fill: '#ffffff', stroke: ink.line}))
		.join('');
