// SPDX-License-Identifier: MIT
// p2p-bench: pairs of operands become orders; the core measures peer-to-peer, staged and the client
// alone in turn; here the medians are made and shown.

import {writeFileSync} from 'node:fs';
import {string} from '@oclif/core/args';
import {boolean, integer, string as option} from '@oclif/core/flags';
import {BaseCommand, type Named, noSysroot} from '../lib/base-command.ts';
import {type Cell, matrixJson, matrixText, measureCell, measurePair} from '../lib/bench-matrix.ts';
import {
	type Common,
	matrixPairs,
	orderOf,
	type Pair,
	possiblePairs,
	requireRange,
} from '../lib/bench-order.ts';
import {parseEndpoint} from '../lib/endpoint.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {allow, require} from '../lib/flags.ts';
import {checkText, faultText, loadRows, loadsText} from '../lib/loads-text.ts';
import {plotSvg, tableText} from '../lib/measure.ts';
import {type LoadSample, native, type Place} from '../lib/native.ts';
import {isTerminal, tell} from '../lib/output.ts';
import {permission} from '../lib/permission.ts';
import {Progress} from '../lib/progress.ts';
import {endBySignal} from '../lib/signals.ts';
import {readRunning} from '../lib/supply.ts';
import {parseSize} from '../lib/units.ts';

const ofPairs = ['matrix', 'write-disks', 'overwrite-signature', 'engine', 'svg'];

export default class Bench extends BaseCommand {
	static override summary =
		"Measure how fast a peer's memory is reached, beside the way through host memory.";
	static override operandsUsage = '[FROM TO]… | --loads MEMORY | --check-memory NAME/barN+OFF';
	static override operandKinds: readonly Named[] = ['endpoints'];
	static override args = {
		end: string({
			multiple: true,
			ignoreStdin: true,
			description:
				'FROM, which is read: NAME/nsN or NAME/barN[+OFF]; TO, which is overwritten: NAME/barN+OFF; none: say which pairs there are',
		}),
	};
	static override flags = {
		matrix: boolean({
			description: 'each disk on vfio-pci, or those named, with each NAME/barN+OFF named',
		}),
		'write-disks': boolean({
			description: 'overwrite disks too, where named with their range: NAME/nsN+OFF',
		}),
		'overwrite-signature': boolean({
			description: 'even one that holds a partition table, file system, LVM or RAID',
		}),
		loads: boolean({
			exclusive: [...ofPairs, 'check-memory'],
			description: 'the CPU itself: latency and rate of loads, and with +OFF of stores',
		}),
		'check-memory': boolean({
			exclusive: ofPairs,
			description: 'whether memory keeps what the CPU writes: walking patterns; overwrites it',
		}),
		engine: option({
			helpValue: 'FUNCTION',
			description: 'a DMA engine that carries from memory to memory',
		}),
		length: option({
			helpValue: 'SIZE',
			default: '16M',
			description: 'bytes of each end that are used',
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
		...noSysroot,
	};
	static override examples = [
		'<%= program %>',
		'<%= program %> 03:00.0/ns1 04:00.0/bar2+0',
		'<%= program %> --sizes 4K,128K,1M --depths 1,8,64 --svg b.svg nvme0n1/ns1 04:00.0/bar2+16M',
		'<%= program %> --matrix 04:00.0/bar2+0 05:00.0/bar0+16M',
		'<%= program %> --write-disks 04:00.0/bar2 03:00.0/ns1+1G',
	];

	async run(): Promise<void> {
		const {argv, flags, metadata} = await this.parse(Bench);
		if (flags.sysroot !== '')
			throw new Failure('a benchmark needs the running machine, not --sysroot');
		const words = argv as string[];
		const common: Common = {
			engine: flags.engine ?? '',
			length: parseSize(flags.length),
			sizes: flags.sizes.split(',').map((word) => parseSize(word)),
			depths: flags.depths.split(',').map(parseDepth),
			runs: flags.runs,
			durationNs: flags.time * 1e6,
			allowed: permission(flags.require, flags.allow),
			overwriteSignature: flags['overwrite-signature'],
			writesDisks: flags['write-disks'],
		};
		if (flags.loads || flags['check-memory']) {
			const length = metadata.flags.length?.setFromDefault ? 0 : common.length;
			const memory = memoryOf(words);
			if (flags.loads) await this.runLoads(memory, {...common, length}, flags.json);
			else await this.runCheck(memory, {...common, length}, flags.json);
			return;
		}
		if (flags.svg !== undefined && (flags.matrix || words.length > 2))
			throw new Failure('--svg draws one pair');
		if (words.length === 0) await this.showPossible(flags);
		else if (flags.matrix) await this.runMatrix(words, common, flags.json);
		else await this.runPairs(words, common, flags);
	}

	private async showPossible({matrix, json}: {matrix: boolean; json: boolean}): Promise<void> {
		const pairs = await possiblePairs();
		const ranges = [...new Set(pairs.map(({to}) => to))].join(' ');
		const single = pairs.map(({from, to}) => `${this.program} ${from} ${to}`);
		const lines = matrix && pairs.length > 0 ? [`${this.program} --matrix ${ranges}`] : single;
		const said = lines.length > 0 ? lines : [nothing];
		this.answer(
			ExitCode.yes,
			{
				text: said.map((line) => `${line}\n`).join(''),
				json: {version: 1, pairs: [], possible: said},
			},
			json,
		);
	}

	private async runPairs(
		words: readonly string[],
		common: Common,
		flags: {json: boolean; svg: string | undefined},
	): Promise<void> {
		if (words.length % 2 !== 0) throw new Failure(`missing operand: TO behind ${words.at(-1)}`);
		const orders = words.flatMap((from, i) =>
			i % 2 === 0 ? [orderOf({from, to: words[i + 1] ?? ''}, common)] : [],
		);
		if (common.engine !== '' && orders.every(({engine}) => engine === ''))
			throw new Failure('--engine carries from memory to memory: no pair is such');
		const pairs = [];
		for (const order of orders) pairs.push(await measurePair(order));

		const text = pairs.map(({title, rows}) => `${title}\n${tableText(rows)}`).join('\n');
		const json = {version: 1, pairs: pairs.map(({plan, samples, rows}) => ({plan, rows, samples}))};
		if (flags.svg !== undefined)
			writeFileSync(flags.svg, pairs.map(({title, rows}) => plotSvg(title, rows)).join(''));
		this.answer(ExitCode.yes, {text, json}, flags.json);
	}

	private async runLoads(
		{word, memory}: Memory,
		{length, runs, durationNs, allowed}: Common,
		isJson: boolean,
	): Promise<void> {
		const isWritten = word.includes('+');
		const order = {memory, length, isWritten, runs, durationNs, allowed};
		const samples: LoadSample[] = [];
		const job = native.measureLoads(await readRunning(), order, (it) => samples.push(it));
		await endBySignal(job, () => {});

		const rows = loadRows(samples);
		const text = loadsText(word, rows, isWritten);
		this.answer(
			ExitCode.yes,
			{text, json: {version: 1, place: word, loads: rows, samples}},
			isJson,
		);
	}

	private async runCheck(
		{word, memory}: Memory,
		{length, allowed}: Common,
		isJson: boolean,
	): Promise<void> {
		requireRange(word);
		const progress = isTerminal(2) ? new Progress({legs: []}) : undefined;
		const seed = Math.floor(Math.random() * 2 ** 32);
		const job = native.checkMemory(await readRunning(), {memory, length, seed, allowed}, (it) =>
			progress?.show(it),
		);
		const check = await endBySignal(job, () => progress?.clear());
		const json = {version: 1, place: word, memory: check};
		if (check.faults === null) {
			this.answer(ExitCode.yes, {text: checkText(word, check), json}, isJson);
			return;
		}
		this.answer(ExitCode.wrongData, {text: '', json}, isJson);
		throw new Failure(faultText(word, check), {status: ExitCode.wrongData});
	}

	private async runMatrix(
		words: readonly string[],
		common: Common,
		isJson: boolean,
	): Promise<void> {
		if (common.engine !== '') throw new Failure('--matrix is about disks: not with --engine');
		const pairs = await matrixPairs(words, common.writesDisks);
		const orders = pairs.map((pair): [Pair, ReturnType<typeof orderOf>] => [
			pair,
			orderOf(pair, common),
		]);
		const cells: Cell[] = [];
		for (const [pair, order] of orders) {
			cells.push(await measureCell(pair, order));
			if (isTerminal(2)) tell(`${cells.length} of ${orders.length}: ${pair.from} → ${pair.to}\n`);
		}
		this.answer(ExitCode.yes, {text: matrixText(cells), json: matrixJson(cells)}, isJson);
	}
}

type Memory = {readonly word: string; readonly memory: Place};

function memoryOf([word, extra]: readonly string[]): Memory {
	if (word === undefined) throw new Failure('missing operand: the memory, NAME/barN');
	if (extra !== undefined) throw new Failure(`extra operand: ${extra}`);
	const memory = parseEndpoint(word);
	if (memory.kind === 'ns') throw new Failure(`${word} is a namespace; memory is NAME/barN`);
	return {word, memory};
}

const nothing = 'no disk on vfio-pci reaches memory that is known to be one';

function parseDepth(word: string): number {
	const depth = Number(word);
	if (!Number.isInteger(depth) || depth < 1 || depth > 256)
		throw new Failure(`--depths: '${word}' is no number from 1 to 256`);
	return depth;
}
