// SPDX-License-Identifier: MIT
// p2p-bench: pairs of operands become orders; the core measures peer-to-peer and staged in turn;
// here the medians are made and shown.

import {writeFileSync} from 'node:fs';
import {string} from '@oclif/core/args';
import {integer, string as option} from '@oclif/core/flags';
import {BaseCommand} from '../lib/base-command.ts';
import {parsePlace} from '../lib/endpoint.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {offeredBy} from '../lib/function.ts';
import {plotSvg, type Row, rowsOf, tableText} from '../lib/measure.ts';
import {type BenchOrder, type CopyPlan, native, type Sample} from '../lib/native.ts';
import {allow, permission, require} from '../lib/permission.ts';
import {endBySignal} from '../lib/signals.ts';
import {parseSize} from '../lib/units.ts';

export default class Bench extends BaseCommand {
	static override summary =
		'Measure how fast a disk reaches memory, straight and through host memory, side by side.';
	static override operandsUsage = '[NAMESPACE MEMORY]…';
	static override args = {
		end: string({
			multiple: true,
			ignoreStdin: true,
			description:
				'NAME/nsN[+OFF], which is read, then NAME/barN+OFF, which is overwritten; no pair: say which there are',
		}),
	};
	static override flags = {
		length: option({
			helpValue: 'SIZE',
			default: '16M',
			description: 'bytes of the memory that may be overwritten',
		}),
		sizes: option({
			helpValue: 'SIZE,…',
			default: '4K,128K',
			description: 'bytes of a request',
		}),
		depths: option({helpValue: 'N,…', default: '1,32', description: 'requests under way'}),
		runs: integer({
			default: 3,
			min: 1,
			helpValue: 'N',
			description: 'runs of each; medians are shown',
		}),
		time: integer({
			default: 200,
			min: 10,
			helpValue: 'MS',
			description: 'milliseconds of a run',
		}),
		svg: option({helpValue: 'FILE', description: 'a plot as well'}),
		require,
		allow,
	};
	static override examples = [
		'<%= program %>',
		'<%= program %> 03:00.0/ns1 04:00.0/bar2+0',
		'<%= program %> --sizes 4K,128K,1M --depths 1,8,64 --svg b.svg nvme0n1/ns1 04:00.0/bar2+16M',
	];

	async run(): Promise<void> {
		const {argv, flags} = await this.parse(Bench);
		if (flags.sysroot !== '')
			throw new Failure('a benchmark needs the running machine, not --sysroot');
		const words = argv as string[];
		if (words.length === 0) {
			const lines = await possibleLines(this.program);
			this.answer(
				ExitCode.yes,
				{
					text: lines.join(''),
					json: {version: 1, pairs: [], possible: lines.map((line) => line.trim())},
				},
				flags.json,
			);
			return;
		}
		if (words.length % 2 !== 0) throw new Failure(`missing operand: MEMORY behind ${words.at(-1)}`);
		if (flags.svg !== undefined && words.length > 2) throw new Failure('--svg draws one pair');
		const common = {
			length: parseSize(flags.length),
			sizes: flags.sizes.split(',').map((word) => parseSize(word)),
			depths: flags.depths.split(',').map(parseDepth),
			runs: flags.runs,
			durationNs: flags.time * 1e6,
			allowed: permission(flags.require, flags.allow),
		};
		const orders = words.flatMap((from, i) =>
			i % 2 === 0 ? [orderOf(from, words[i + 1] ?? '', common)] : [],
		);
		const pairs: Measured[] = [];
		for (const order of orders) pairs.push(await measure(order));

		const text = pairs.map(({title, rows}) => `${title}\n${tableText(rows)}`).join('\n');
		const json = {version: 1, pairs: pairs.map(({plan, samples, rows}) => ({plan, rows, samples}))};
		if (flags.svg !== undefined)
			writeFileSync(flags.svg, pairs.map(({title, rows}) => plotSvg(title, rows)).join(''));
		this.answer(ExitCode.yes, {text, json}, flags.json);
	}
}

type Measured = {
	readonly title: string;
	readonly plan: CopyPlan;
	readonly samples: readonly Sample[];
	readonly rows: readonly Row[];
};

async function measure(order: BenchOrder): Promise<Measured> {
	const samples: Sample[] = [];
	const job = native.bench(order, (sample) => samples.push(sample));
	const plan = await endBySignal(job, () => {});
	const [leg] = plan.legs;
	const link = leg?.pair?.fabric.link?.bytesPerSecond ?? null;
	const title = `${leg?.client} → ${leg?.provider}: ${leg?.pair?.verdict}, iova by ${plan.addressKind}`;
	return {title, plan, samples, rows: rowsOf(samples, link)};
}

function orderOf(from: string, to: string, common: Omit<BenchOrder, 'from' | 'to'>): BenchOrder {
	const source = parsePlace(from);
	const target = parsePlace(to);
	if (source.kind !== 'ns') throw new Failure(`${from}: what is read is a namespace, NAME/nsN`);
	if (!['bar', 'cmb', 'pmr'].includes(target.kind))
		throw new Failure(`${to}: what is overwritten is memory, NAME/barN+OFF`);
	// The offset says that this range may go: a slip of the finger names none.
	if (!to.includes('+'))
		throw new Failure(`${to}: name the range that may be overwritten: ${to}+0`);
	return {...common, from: source, to: target};
}

function parseDepth(word: string): number {
	const depth = Number(word);
	if (!Number.isInteger(depth) || depth < 1 || depth > 256)
		throw new Failure(`--depths: '${word}' is no number from 1 to 256`);
	return depth;
}

/** What could be measured, as lines to type; nothing is touched. */
async function possibleLines(program: string): Promise<string[]> {
	const {functions} = await native.scan({root: ''});
	const clients = functions.filter(
		({engine, driver}) => engine === 'nvme' && driver === 'vfio-pci',
	);
	const providers = functions.flatMap((it) =>
		it.driver === null || it.driver === 'vfio-pci'
			? offeredBy(it)
					.filter(({isKnown, name}) => isKnown && name.startsWith('bar'))
					.map(({name}) => ({bdf: it.bdf, name}))
			: [],
	);
	const pairs = clients.flatMap((client) =>
		providers.map((provider) => ({client: client.bdf, ...provider})),
	);
	const {pairs: verdicts} = await native.check(
		{root: ''},
		pairs.map(({client, bdf}) => [client, bdf]),
	);
	const lines = pairs
		.filter((_, i) => ['direct', 'through-root'].includes(verdicts[i]?.verdict ?? ''))
		.map(({client, bdf, name}) => `${program} ${client}/ns1 ${bdf}/${name}+0\n`);
	return lines.length > 0
		? lines
		: ['no disk on vfio-pci reaches memory that is known to be one\n'];
}
