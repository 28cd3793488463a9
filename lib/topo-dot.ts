// SPDX-License-Identifier: MIT
// The tree for graphviz.

import type {PciFunction} from './native.ts';
import {colourOf} from './topo-svg-way.ts';
import {
	acsWords,
	groupWords,
	isPort,
	isSwitch,
	linkWords,
	memoryWords,
	nameOf,
	redirects,
	rootWords,
	whatOf,
} from './topo-words.ts';
import {type Node, type Root, walk} from './tree.ts';
import type {Picture, Way} from './way.ts';

export function topoDot({trees, caption, way, sentence = ''}: Picture): string {
	const label = [caption, sentence].filter(Boolean).join('\n');
	return [
		'graph p2p {',
		`\tgraph [rankdir=LR, label=${quoted(label)}, labelloc=t, labeljust=l, fontname="sans-serif"];`,
		'\tnode [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif", fontsize=10];',
		'\tedge [color="#a8a29e", fontname="sans-serif", fontsize=9];',
		...trees.roots.flatMap((root) => rootLines(root, way)),
		...(way === undefined ? [] : acrossRoots(way)),
		'}',
		'',
	].join('\n');
}

function rootLines(root: Root, way: Way | undefined): string[] {
	const nodes = [...walk(root.nodes)];
	const label = quoted(['root complex', ...rootWords(root)].join('\n'));
	return [
		`\t${rootName(root.bus)} [label=${label}, fillcolor="#eeece8"];`,
		...nodes.map((node) => `\t${quoted(node.it.bdf)} [${labelOf(node)}${colours(node, way)}];`),
		...nodes.filter(isSwitch).map(cluster),
		...root.nodes.map((top) => edge(rootName(root.bus), top, way)),
		...nodes.flatMap((node) => node.below.map((it) => edge(quoted(node.it.bdf), it, way))),
	];
}

function labelOf(node: Node): string {
	const {it} = node;
	const driver = isPort(it) ? '' : (it.driver ?? '');
	const about = [driver, acsWords(it), groupWords(node), memoryWords(node)].filter(Boolean);
	return `label=${quoted([nameOf(node), whatOf(node), about.join(', ')].filter(Boolean).join('\n'))}`;
}

function colours({it, more}: Node, way: Way | undefined): string {
	const isEnd = way?.pair.client === it.bdf || way?.pair.provider === it.bdf;
	const isTurn = way?.turn === it && !isEnd;
	const colour = way && (isEnd || isTurn) ? colourOf(way) : redirects(it) === '' ? '' : '#c2410c';
	return [
		...(colour === ''
			? []
			: [`, color=${quoted(colour)}, penwidth=${isEnd || isTurn ? 2.5 : 1.2}`]),
		...(isTurn ? [', xlabel="requests turn here"'] : []),
		...(more.length === 0 ? [] : [', peripheries=2']),
	].join('');
}

function cluster({it, below}: Node): string {
	const names = [it.bdf, ...below.map((child) => child.it.bdf)].map(quoted).join('; ');
	const style = 'style="rounded,filled"; color="#e7e2d9"; fillcolor="#f5f3ef"; label=""';
	return `\tsubgraph ${quoted(`cluster ${it.bdf}`)} {${style}; ${names}}`;
}

function edge(from: string, child: Node, way: Way | undefined): string {
	const words = linkWords(child);
	const marks = way === undefined ? '' : marksOf(way, child.it);
	return `\t${from} -- ${quoted(child.it.bdf)} [label=${quoted(words)}${marks}];`;
}

// Edges lead down: requests that climb take them backwards.
function marksOf(way: Way, it: PciFunction): string {
	const isUp = way.up.includes(it);
	const isDown = way.down.includes(it);
	if (!isUp && !isDown) return '';
	const dir = isUp && isDown ? 'both' : isUp ? 'back' : 'forward';
	return `, dir=${dir}, penwidth=3, color=${quoted(colourOf(way))}`;
}

function acrossRoots(way: Way): string[] {
	const from = way.up.at(-1)?.rootBus;
	const to = way.down[0]?.rootBus;
	if (way.turn !== undefined || from === undefined || to === undefined || from === to) return [];
	const style = `dir=forward, constraint=false, penwidth=3, color=${quoted(colourOf(way))}`;
	return [`\t${rootName(from)} -- ${rootName(to)} [${style}];`];
}

function rootName(bus: string): string {
	return quoted(`root ${bus}`);
}

// Control characters mean nothing in a label and may end one.
function quoted(text: string): string {
	const plain = text.replace(/[\\"]/g, (it) => `\\${it}`).replace(/\n/g, '\\n');
	return `"${[...plain].filter((it) => it >= ' ').join('')}"`;
}
