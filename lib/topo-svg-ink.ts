// SPDX-License-Identifier: MIT
// Colours and small parts that the picture and its legend share.

import {type Attributes, element, type Point, text, widthOf} from './svg.ts';
import type {Rectangle} from './topo-layout.ts';

export const ink = {
	strong: '#1c1917',
	plain: '#44403c',
	soft: '#78716c',
	line: '#a8a29e',
	redirect: '#c2410c',
	slow: '#b45309',
} as const;

export function rectangle({x, y, width, height}: Rectangle, attributes: Attributes): string {
	return element('rect', {x, y, width, height, rx: 7, ...attributes});
}

const badges = {
	redirect: {fill: '#ffedd5', ink: ink.redirect},
	culprit: {fill: ink.redirect, ink: '#ffffff'},
	unknown: {fill: '#f3e8ff', ink: '#7e22ce'},
} as const;

/** Letters on a patch of colour, its left upper corner there. */
export function badge([x, y]: Point, words: string, kind: keyof typeof badges): string {
	const colours = badges[kind];
	return (
		rectangle({x, y, width: widthOf(words, 10) + 12, height: 15}, {rx: 4, fill: colours.fill}) +
		text([x + 5, y + 11], words, {'font-size': 10, 'font-weight': 700, fill: colours.ink})
	);
}
