// SPDX-License-Identifier: MIT
// The tree for programs: the records of p2p-list, one below the other, none folded.

import {recordOf} from './function.ts';
import type {Machine, Pair} from './native.ts';
import type {Node, Trees} from './tree.ts';

export function topoJson({roots, leftOut}: Trees, machine: Machine, pair?: Pair): object {
	return {
		version: 1,
		machine,
		roots: roots.map(({bus, nodes}) => ({bus, functions: nodes.map(withThoseBelow)})),
		leftOut: leftOut.noPart + leftOut.unknown,
		...(pair === undefined ? {} : {pair}),
	};
}

function withThoseBelow({it, below}: Node): object {
	return {...recordOf(it), below: below.map(withThoseBelow)};
}
