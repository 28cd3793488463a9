// SPDX-License-Identifier: MIT
import {string} from '@oclif/core/args';
import {boolean, option, string as text} from '@oclif/core/flags';
import {BaseCommand, type Named} from '../lib/base-command.ts';
import {parameterNotes} from '../lib/boot-parameters.ts';
import {describePair, machineLines, unseenText} from '../lib/describe.ts';
import {ExitCode, type ExitStatus} from '../lib/exit-code.ts';
import {type Expectation, type Judged, judge, parseExpectations} from '../lib/expect.ts';
import {expectJson, expectTap, expectText} from '../lib/expect-text.ts';
import {Failure} from '../lib/failure.ts';
import {readTextFile} from '../lib/file.ts';
import {describeFix, fixCommands} from '../lib/fix.ts';
import {assumptionFlags, fromFlag} from '../lib/flags.ts';
import {partsOf} from '../lib/function.ts';
import {gpuNotes} from '../lib/gpu-notes.ts';
import {groupNotes} from '../lib/group-notes.ts';
import {changesBetween, verdictChanges} from '../lib/machine-diff.ts';
import {changeText, missingText, verdictChangeText} from '../lib/machine-diff-text.ts';
import {pairPortions, writePairs, writeSummary} from '../lib/matrix-json.ts';
import {countWords, matrixLines, type Verdicts} from '../lib/matrix-text.ts';
import {native, type PciFunction, type Read, type Scan, type VerdictWord} from '../lib/native.ts';
import {tell, write} from '../lib/output.ts';
import {writeExpectationMetrics, writePairMetrics} from '../lib/prometheus.ts';
import {readSource} from '../lib/source.ts';
import {loadStyle} from '../lib/style.ts';

export default class Check extends BaseCommand {
	static override summary =
		"Tell whether one function reaches another's memory, by which way, and what is between.";
	static override operandsUsage =
		'CLIENT PROVIDER | --matrix [FUNCTION…] | --expect FILE | --diff FILE [FILE]';
	static override operandKinds: readonly Named[] = ['functions'];
	static override args = {
		function: string({
			multiple: true,
			ignoreStdin: true,
			description:
				'CLIENT issues the requests, PROVIDER owns the memory: 0000:03:00.0, 03:00.0, nvme0n1',
		}),
	};
	static override flags = {
		require: option({
			options: ['direct', 'any'] as const,
			default: 'any' as const,
			description: 'what counts as yes: direct alone, or through-root too (default)',
		})(),
		fix: boolean({
			exclusive: ['matrix'],
			description: 'the smallest change that would make it direct, and the verdict after it',
		}),
		matrix: boolean({
			description: 'all ordered pairs of the functions given, or of all that matter',
		}),
		summary: boolean({
			dependsOn: ['matrix', 'json'],
			description: 'with --matrix --json: one pair for each two groups that share a fate',
		}),
		expect: text({
			helpValue: 'FILE',
			exclusive: ['matrix', 'fix', 'require'],
			description:
				'is the machine as the lines of FILE say: CLIENT PROVIDER direct|any|through-root|no',
		}),
		diff: boolean({
			exclusive: ['matrix', 'fix', 'expect', 'require', 'from'],
			description: 'what changed between two machines on paper, or from one to this machine',
		}),
		tap: boolean({
			dependsOn: ['expect'],
			exclusive: ['json'],
			description: 'with --expect: write TAP, for test runners',
		}),
		prometheus: boolean({
			exclusive: ['json', 'tap', 'fix', 'diff'],
			description: "write metrics, for the textfile collector of Prometheus' node_exporter",
		}),
		...fromFlag,
		...assumptionFlags,
	};
	static override examples = [
		'<%= program %> 03:00.0 04:00.0',
		'<%= program %> --require direct --json nvme0n1 card0',
		'<%= program %> --fix nvme0 04:00.0',
		'<%= program %> --matrix',
		'<%= program %> --expect /etc/p2p.expect --tap',
		'<%= program %> --diff before.json',
		'lspci -Dnnvvvxxxx | <%= program %> --from - --kernel 6.12 --cpu zen 03:00.0 04:00.0',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Check);
		const names = args.function ?? [];
		if (flags.diff) return this.#diff(names, flags);
		if (flags.expect !== undefined) requireNone(names);
		else if (!flags.matrix) requireTwo(names);

		const expectations =
			flags.expect === undefined ? [] : readExpectations(flags.expect, flags.from);
		const source = await readSource(flags);
		const scan = await native.scan(source);
		if (flags.expect !== undefined) await this.#expect(source, scan, expectations, flags);
		else if (flags.matrix) await this.#matrix(source, scan, names, flags);
		else await this.#pair(source, scan, names, flags);
	}

	async #pair(source: Read, scan: Scan, names: readonly string[], flags: Flags): Promise<void> {
		const [client = '', provider = ''] = names;
		const style = await loadStyle();
		const {machine, pairs} = await native.check(source, [[client, provider]]);
		const [pair] = pairs;
		if (pair === undefined) throw new Error('the core gave no pair');
		if (flags.prometheus) {
			process.exitCode = statusOf(pair.verdict, flags.require);
			return writePairMetrics(() => [pairs]);
		}
		const notes = [
			...parameterNotes(machine.bootParameters, scan.functions),
			...groupNotes(await native.groups(source), [
				pair.client,
				pair.provider,
				...pair.fabric.route,
			]),
			...gpuNotes(scan.functions, pair),
		];
		const fix = flags.fix ? await native.fix(source, client, provider) : undefined;
		const commands = fix && fixCommands(fix, scan.functions);

		const fixText = fix && commands && {fix: describeFix(fix, commands, style)};
		const text = describePair(machine, pair, style, {notes, ...fixText});
		const {machine: _, before: __, ...rest} = fix ?? {};
		const more = fix === undefined ? {} : {fix: {...rest, commands}};
		const json = {version: 1, machine, pairs, notes, ...more};
		this.answer(statusOf(pair.verdict, flags.require), {text, json}, flags.json);
	}

	async #expect(
		source: Read,
		{machine}: Scan,
		expectations: readonly Expectation[],
		{tap, json, prometheus}: Flags,
	): Promise<void> {
		const judged = await judge(source, expectations);
		if (prometheus) {
			process.exitCode = statusOfExpected(judged);
			return writeExpectationMetrics(judged);
		}
		const text = tap ? expectTap(machine, judged) : expectText(machine, judged);
		this.answer(statusOfExpected(judged), {text, json: expectJson(machine, judged)}, json);
	}

	// As diff(1): 0 the same, 1 not; 5 where a verdict could not be told at one time or the other.
	async #diff(files: readonly string[], flags: Flags): Promise<void> {
		const [before, after] = files;
		if (before === undefined) throw new Failure('missing operand: FILE', {hints: [helpHint]});
		if (files.length > 2) throw new Failure(`extra operand: ${files[2]}`, {hints: [helpHint]});
		if (before === '-' && after === '-')
			throw new Failure('only one of the two can be standard input');
		if (after !== undefined && flags.sysroot !== '')
			throw new Failure('--sysroot is the second machine: two files leave no room for it');
		const sources = [
			await readSource({...flags, sysroot: '', from: before}),
			await readSource(after === undefined ? flags : {...flags, sysroot: '', from: after}),
		] as const;
		const scans = [await native.scan(sources[0]), await native.scan(sources[1])] as const;
		const changes = changesBetween(...scans);
		const {changes: verdicts, missing} = await verdictChanges(...sources, scans);

		const lines = [...changes.map(changeText), ...verdicts.map(verdictChangeText)];
		const [old, now] = scans.map(({machine}) => machine);
		const json = {version: 1, before: old, after: now, changes, verdicts, missing};
		const text = lines.map((line) => `${line}\n`).join('');
		const same = missing.length === 0 ? ExitCode.yes : ExitCode.cannotTell;
		this.answer(lines.length === 0 ? same : ExitCode.no, {text, json}, flags.json);
		if (missing.length > 0) tell(`${this.program}: ${missingText(missing)}\n`);
	}

	async #matrix(source: Read, scan: Scan, names: readonly string[], flags: Flags): Promise<void> {
		const functions = names.length === 0 ? mattering(scan.functions) : names;
		const matrix = await native.matrix(source, functions);
		const verdicts = {names: functions, matrix};
		const status = statusOfAll(verdicts, flags.require);

		if (flags.json && flags.summary) await writeSummary(source, scan.machine, verdicts);
		else if (flags.json) await writePairs(source, scan.machine, functions);
		else if (flags.prometheus) {
			const bdfs = new Set((await native.find(source, functions)).flat());
			await writePairMetrics(() => pairPortions(source, [...bdfs]));
		} else {
			for (const line of matrixLines(verdicts)) write(line);
			for (const line of machineLines(scan.machine)) write(`machine ${line}\n`);
			if (countWords(verdicts)['?'] > 0) tell(unseenText(this.program, scan));
		}
		process.exitCode = status;
	}
}

type Flags = {
	readonly require: 'direct' | 'any';
	readonly fix: boolean;
	readonly summary: boolean;
	readonly tap: boolean;
	readonly prometheus: boolean;
	readonly json: boolean;
	readonly sysroot: string;
	readonly kernel?: string | undefined;
	readonly cpu?: string | undefined;
};

const helpHint = 'p2p-check --help';

function readExpectations(file: string, from: string | undefined): Expectation[] {
	if (file === '-' && from === '-')
		throw new Failure('--expect and --from cannot both be standard input');
	return parseExpectations(file === '-' ? 'standard input' : file, readTextFile(file));
}

function requireNone(names: readonly string[]): void {
	if (names.length > 0)
		throw new Failure(`extra operand: ${names[0]}: the pairs stand in the file of --expect`);
}

function requireTwo(names: readonly string[]): void {
	if (names.length < 2) {
		const missing = names.length === 0 ? 'CLIENT, PROVIDER' : 'PROVIDER';
		throw new Failure(`missing operand: ${missing}`, {hints: [helpHint]});
	}
	if (names.length > 2) {
		throw new Failure(`extra operand: ${names[2]}`, {hints: ['p2p-check --matrix   for many']});
	}
}

function mattering(functions: readonly PciFunction[]): string[] {
	return functions.filter((it) => partsOf(it).length > 0).map(({bdf}) => bdf);
}

function statusOf(verdict: VerdictWord, required: 'direct' | 'any'): ExitStatus {
	if (verdict === 'unknown') return ExitCode.cannotTell;
	const isYes = verdict === 'direct' || (verdict === 'through-root' && required === 'any');
	return isYes ? ExitCode.yes : ExitCode.no;
}

function statusOfExpected(judged: readonly Judged[]): ExitStatus {
	if (judged.some(({isMet}) => isMet === false)) return ExitCode.no;
	return judged.some(({isMet}) => isMet === null) ? ExitCode.cannotTell : ExitCode.yes;
}

function statusOfAll(verdicts: Verdicts, required: 'direct' | 'any'): ExitStatus {
	const counts = countWords(verdicts);
	if (counts.n > 0 || (required === 'direct' && counts.r > 0)) return ExitCode.no;
	return counts['?'] > 0 ? ExitCode.cannotTell : ExitCode.yes;
}
