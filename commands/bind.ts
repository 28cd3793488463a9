// SPDX-License-Identifier: MIT

import {string as operand} from '@oclif/core/args';
import {boolean, option, string} from '@oclif/core/flags';
import {BaseCommand, type Named} from '../lib/base-command.ts';
import {missingOf, shownJson, shownLines} from '../lib/bind-show.ts';
import {changeLine, keepingText, warnings} from '../lib/bind-text.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {type BindOrder, type BindReport, native} from '../lib/native.ts';
import {tell} from '../lib/output.ts';

export default class Bind extends BaseCommand {
	static override summary =
		'Give functions to another driver, vfio-pci by default, and back: never one in use.';
	static override operandsUsage = 'FUNCTION…';
	static override operandKinds: readonly Named[] = ['functions'];
	static override args = {
		function: operand({
			multiple: true,
			ignoreStdin: true,
			description:
				'0000:03:00.0, 03:00.0, nvme0n1; with --show or --restore, none: all that were changed',
		}),
	};
	static override flags = {
		show: boolean({
			description: 'only look: driver, group, what hangs on it and how to end that',
		}),
		driver: string({
			helpValue: 'DRIVER',
			description: "the driver to bind to; 'none' leaves it without one",
		}),
		group: boolean({
			char: 'g',
			description: 'take the other functions of the IOMMU group along, bridges never',
		}),
		persist: option({
			options: ['tell', 'install'] as const,
			description: 'say what makes it last over a boot, or write that udev rule too',
		})(),
		restore: boolean({
			description: 'put back what was before p2p-bind changed it, its udev rule removed',
		}),
		'dry-run': boolean({char: 'n', description: 'write the commands, change nothing'}),
		verbose: boolean({char: 'v', description: 'write the commands to stderr'}),
	};
	static override optionalValues = {persist: 'tell'};
	static override examples = [
		'<%= program %> --show 03:00.0          whose it is, and who uses it',
		'<%= program %> 0000:03:00.0            give it to vfio-pci',
		'<%= program %> --group 03:00.0         with all that share its IOMMU group',
		'<%= program %> --restore 0000:03:00.0  and back to its driver',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Bind);
		const names = args.function ?? [];
		requireOrder(names, flags);
		if (flags.show) await this.#show(names, flags);
		else await this.#change(names, flags);
	}

	async #show(names: readonly string[], flags: Flags): Promise<void> {
		const {group, sysroot: root, json: isJson} = flags;
		const view = await native.bindShow({root, functions: names, group});
		const missing = missingOf(view);
		const isCertain = view.functions.every(({uses}) => uses.length > 0);
		const isWhole = missing.length === 0;

		if (!isWhole) this.#warn(unseen);
		const text = lines(view.functions.flatMap((shown) => shownLines(this.program, shown, isWhole)));
		const json = {version: 1, functions: view.functions.map(shownJson), missing};
		const isAnswer = isWhole || (names.length > 0 && isCertain);
		this.answer(isAnswer ? ExitCode.yes : ExitCode.cannotTell, {text, json}, isJson);
	}

	async #change(names: readonly string[], flags: Flags): Promise<void> {
		const order = orderOf(names, flags);
		const {dryRun} = order;
		const report = await this.#do(order, flags.verbose && !dryRun);
		const keeping = keepingText(report, order.driver ?? '');
		const isTold = order.persist === 'tell';
		const done = dryRun ? report.commands : report.functions.map(changeLine);
		const kept = report.rules
			.filter(({isInstalled}) => isInstalled)
			.map(({bdf, path}) => `${bdf}  kept over a boot by ${path}`);

		tell(lines(warnings(this.program, report)));
		const text = lines([...done, ...(isTold ? keeping : kept)]);
		this.answer(ExitCode.yes, {text, json: {version: 1, dryRun, ...report}}, flags.json);
	}

	// --verbose shows what was done also where it ended in an error and was undone.
	async #do(order: Order, isVerbose: boolean): Promise<BindReport> {
		try {
			const report = await native.bind(order);
			if (isVerbose) tell(lines(report.commands));
			return report;
		} catch (error) {
			const {facts} = error as {facts?: Readonly<Record<string, string>>};
			if (isVerbose && facts?.commands) tell(`${facts.commands}\n`);
			throw error;
		}
	}

	#warn(text: string): void {
		tell(`${this.program}: warning: ${text}\n`);
	}
}

type Order = BindOrder & {readonly root: string};

type Flags = {
	readonly show: boolean;
	readonly driver?: string | undefined;
	readonly group: boolean;
	readonly persist?: 'tell' | 'install' | undefined;
	readonly restore: boolean;
	readonly 'dry-run': boolean;
	readonly verbose: boolean;
	readonly json: boolean;
	readonly sysroot: string;
};

const unseen =
	"what other users' processes hold, and what p2p-bind has changed, could not be seen; as root it can";

function requireOrder(names: readonly string[], flags: Flags): void {
	const {show, restore, driver, persist} = flags;
	const given = [
		...(restore ? ['--restore'] : []),
		...(driver === undefined ? [] : ['--driver']),
		...(persist === undefined ? [] : ['--persist']),
		...(flags['dry-run'] ? ['--dry-run'] : []),
		...(flags.verbose ? ['--verbose'] : []),
	];
	if (show && given[0] !== undefined) {
		throw new Failure(`--show and ${given[0]} exclude each other`);
	}
	if (restore && (driver !== undefined || persist !== undefined)) {
		const other = driver === undefined ? '--persist' : '--driver';
		throw new Failure(`--restore and ${other} exclude each other`);
	}
	if (names.length === 0 && !show && !restore) {
		throw new Failure('missing operand: FUNCTION', {hints: ['p2p-bind --help']});
	}
	if (flags.sysroot !== '' && !flags['dry-run'] && !show) {
		throw new Failure('--sysroot goes with --dry-run: only this machine can be changed');
	}
}

function orderOf(names: readonly string[], flags: Flags): Order {
	return {
		root: flags.sysroot,
		functions: names,
		driver: flags.restore ? null : driverOf(flags.driver),
		group: flags.group,
		restore: flags.restore,
		dryRun: flags['dry-run'] === true,
		persist: flags.persist ?? null,
	};
}

function driverOf(option: string | undefined): string {
	return option === 'none' ? '' : (option ?? 'vfio-pci');
}

function lines(list: readonly string[]): string {
	return list.map((text) => `${text}\n`).join('');
}
