// SPDX-License-Identifier: MIT
// The verdicts of all pairs as JSON: the same objects as for one pair, written as they come, so
// that memory does not grow with their number.

import type {Verdicts} from './matrix-text.ts';
import {type Machine, native, type Pair, type Read} from './native.ts';
import {write} from './output.ts';

/** Pairs asked of the core at once. */
const portion = 1024;

/** {version, machine, pairs}: every ordered pair of the functions. */
export async function writePairs(
	source: Read,
	machine: Machine,
	functions: readonly string[],
): Promise<void> {
	write(`${head(machine)}"pairs": [`);
	let isFirst = true;
	for await (const pairs of pairPortions(source, functions)) {
		const lines = pairs.map((pair) => JSON.stringify(pair));
		write(`${isFirst ? '' : ','}\n${lines.join(',\n')}`);
		isFirst = false;
	}
	write('\n]}\n');
}

/** Every ordered pair of the functions, some at a time. */
export async function* pairPortions(
	source: Read,
	functions: readonly string[],
): AsyncGenerator<readonly Pair[]> {
	for (const asked of portions(pairsOf(functions))) yield (await native.check(source, asked)).pairs;
}

/** {version, machine, groups, pairs}: one pair for any two groups that share a fate. */
export async function writeSummary(
	source: Read,
	machine: Machine,
	{names, matrix}: Verdicts,
): Promise<void> {
	const groups = matrix.fates.map((fate) => fate.map((place) => names[place] ?? ''));
	write(`${head(machine)}"groups": ${JSON.stringify(groups)},\n"pairs": [`);
	let isFirst = true;
	for (const asked of portions(groupPairs(groups))) {
		const {pairs} = await native.check(
			source,
			asked.map(({pair}) => pair),
		);
		const lines = pairs.map((pair, i) => summaryLine(asked[i], pair));
		write(`${isFirst ? '' : ','}\n${lines.join(',\n')}`);
		isFirst = false;
	}
	write('\n]}\n');
}

type GroupPair = {
	readonly clients: number;
	readonly providers: number;
	readonly pair: readonly [string, string];
};

function head(machine: Machine): string {
	return `{"version": 1, "machine": ${JSON.stringify(machine)},\n`;
}

function summaryLine(asked: GroupPair | undefined, pair: Pair): string {
	return JSON.stringify({clients: asked?.clients, providers: asked?.providers, ...pair});
}

function* pairsOf(names: readonly string[]): Generator<[string, string]> {
	for (const client of names) {
		for (const provider of names) if (provider !== client) yield [client, provider];
	}
}

/** Within a group the first and the last stand for any two. */
function* groupPairs(groups: readonly (readonly string[])[]): Generator<GroupPair> {
	for (const [clients, from] of groups.entries()) {
		for (const [providers, to] of groups.entries()) {
			const pair = [from[0] ?? '', (clients === providers ? to.at(-1) : to[0]) ?? ''] as const;
			if (pair[0] !== pair[1]) yield {clients, providers, pair};
		}
	}
}

function* portions<T>(items: Iterable<T>): Generator<T[]> {
	let some: T[] = [];
	for (const item of items) {
		some.push(item);
		if (some.length < portion) continue;
		yield some;
		some = [];
	}
	if (some.length > 0) yield some;
}
