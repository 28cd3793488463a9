// SPDX-License-Identifier: MIT
// The tree for graphviz.

import {isOnRoute, type Way} from './topo-svg.ts';
import {aboutOf, isPort, linkOf, nameOf, redirects, whatOf} from './topo-words.ts';
import {type Trees, walk} from './tree.ts';

export function topoDot({roots}: Trees, way: Way): string {
	const lines = roots.flatMap(({bus, nodes}) => {
		const root = quoted(`root ${bus}`);
		const entries = [...walk(nodes)].map(({node}) => node);
		return [
			`\t${root} [label=${quoted(`root complex\n${bus}`)}, shape=box, style=rounded];`,
			...entries.map((node) => {
				const label = [nameOf(node), whatOf(node), aboutOf(node)].filter(Boolean).join('\n');
				const colour = redirects(node.it).length > 0 ? ', color="#c2410c"' : '';
				const shape = isPort(node.it) ? 'box' : 'component';
				return `\t${quoted(node.it.bdf)} [label=${quoted(label)}, shape=${shape}${colour}];`;
			}),
			...nodes.map((node) =>
				edge(root, node.it.bdf, linkOf(node), isOnRoute(way, undefined, node.it)),
			),
			...entries.flatMap((node) =>
				node.below.map((child) =>
					edge(quoted(node.it.bdf), child.it.bdf, linkOf(child), isOnRoute(way, node.it, child.it)),
				),
			),
		];
	});
	return [
		'graph p2p {',
		'\trankdir=LR;',
		'\tnode [fontname="sans-serif", fontsize=10];',
		'\tedge [fontname="sans-serif", fontsize=9];',
		...lines,
		'}',
		'',
	].join('\n');
}

function edge(from: string, to: string, link: string, isMarked: boolean): string {
	const mark = isMarked ? ', penwidth=3, color="#1d4ed8"' : '';
	return `\t${from} -- ${quoted(to)} [label=${quoted(link)}${mark}];`;
}

function quoted(text: string): string {
	return `"${text.replace(/[\\"]/g, (it) => `\\${it}`).replace(/\n/g, '\\n')}"`;
}
