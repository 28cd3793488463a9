// SPDX-License-Identifier: MIT
// What --prometheus writes: metrics in the text format of node_exporter's textfile collector. Why
// they are called so, and which there are not: docs/decisions/017-fleets.md.

import type {Judged} from './expect.ts';
import type {Pair} from './native.ts';
import {write} from './output.ts';

type Labels = Readonly<Record<string, string>>;

type Sample = {readonly labels: Labels; readonly value: number};

type Metric<T> = {
	readonly name: string;
	readonly help: string;
	/** None where there is nothing to say: a number that is not known is no 0. */
	readonly samples: (it: T) => readonly Sample[];
};

const pairMetrics: readonly Metric<Pair>[] = [
	{
		name: 'p2putils_pair_info',
		help: 'May client reach the memory of provider? verdict: direct, through-root, no, unknown.',
		samples: ({client, provider, verdict}) => [{labels: {client, provider, verdict}, value: 1}],
	},
	{
		name: 'p2putils_pair_bottleneck_bytes_per_second',
		help: 'Payload that the slowest link between client and provider carries, as it trained.',
		samples: ({client, provider, fabric: {link}}) =>
			link === null ? [] : [{labels: {client, provider}, value: link.bytesPerSecond}],
	},
];

const expectationStates = {met: true, unmet: false, unknown: null} as const;

const expectationMetric: Metric<Judged> = {
	name: 'p2putils_expectation_state',
	help: 'Is the pair as expected? 1 for the state that it is in: met, unmet, unknown.',
	samples: ({client, provider, word, isMet}) =>
		Object.entries(expectationStates).map(([state, means]) => ({
			labels: {client, provider, expected: word, state},
			value: means === isMet ? 1 : 0,
		})),
};

const timeMetric: Metric<Date> = {
	name: 'p2putils_check_timestamp_seconds',
	help: 'When p2p-check looked, in seconds since 1970.',
	samples: (now) => [{labels: {}, value: Math.floor(now.getTime() / 1000)}],
};

/**
 * portions: pairs, none of them twice; asked for once for each metric, all of whose samples stand
 * together.
 */
export async function writePairMetrics(
	portions: () => AsyncIterable<readonly Pair[]> | Iterable<readonly Pair[]>,
): Promise<void> {
	for (const metric of pairMetrics) {
		write(head(metric));
		for await (const pairs of portions()) write(linesOf(metric, pairs));
	}
	await writeMetric(timeMetric, [new Date()]);
}

/** A line that is in the file twice counts once, and so does a pair: no series may come twice. */
export async function writeExpectationMetrics(judged: readonly Judged[]): Promise<void> {
	const lines = unique(judged, ({client, provider, word}) => [client, provider, word]);
	await writeMetric(expectationMetric, lines);
	const pairs = judged.flatMap(({pair}) => pair ?? []);
	const own = unique(pairs, ({client, provider}) => [client, provider]);
	await writePairMetrics(() => [own]);
}

async function writeMetric<T>(metric: Metric<T>, items: readonly T[]): Promise<void> {
	write(head(metric) + linesOf(metric, items));
}

function head({name, help}: Pick<Metric<never>, 'name' | 'help'>): string {
	return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;
}

function linesOf<T>({name, samples}: Metric<T>, items: readonly T[]): string {
	return items
		.flatMap(samples)
		.map(({labels, value}) => `${name}${labelText(labels)} ${value}\n`)
		.join('');
}

function labelText(labels: Labels): string {
	const texts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
	return texts.length === 0 ? '' : `{${texts.join(',')}}`;
}

function escaped(value: string): string {
	return value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
}

function unique<T>(items: readonly T[], key: (it: T) => readonly string[]): T[] {
	return [...new Map(items.map((it) => [JSON.stringify(key(it)), it])).values()];
}
