// SPDX-License-Identifier: MIT
import {string as operand} from '@oclif/core/args';
import {boolean, string} from '@oclif/core/flags';
import {BaseCommand} from '../lib/base-command.ts';
import type {Named} from '../lib/completion.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {type BindOrder, type BindReport, native} from '../lib/native.ts';

export default class Bind extends BaseCommand {
	static override summary =
		'Give functions to another driver, vfio-pci by default, and back: never one in use.';
	static override operandsUsage = 'FUNCTION…';
	static override operandKinds: readonly Named[] = ['functions'];
	static override args = {
		function: operand({
			required: true,
			multiple: true,
			description: 'a function: 0000:03:00.0, 03:00.0, nvme0n1',
		}),
	};
	static override flags = {
		driver: string({
			helpValue: 'DRIVER',
			description: "the driver to bind to; 'none' leaves it without one",
		}),
		restore: boolean({description: 'put back what was before p2p-bind changed it'}),
		'dry-run': boolean({char: 'n', description: 'write the commands, change nothing'}),
		verbose: boolean({char: 'v', description: 'write the commands to stderr'}),
	};
	static override examples = [
		'<%= program %> 0000:03:00.0            give it to vfio-pci',
		'<%= program %> --restore 0000:03:00.0  and back to its driver',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Bind);
		const isDry = flags['dry-run'];
		if (flags.restore && flags.driver !== undefined) {
			throw new Failure("options '--restore' and '--driver' exclude each other");
		}
		if (flags.sysroot !== '' && !isDry) {
			throw new Failure("option '--sysroot' needs '--dry-run': only this machine can be changed");
		}

		const report = await this.bind(
			{
				root: flags.sysroot,
				functions: args.function,
				driver: flags.restore ? null : driverOf(flags.driver),
				restore: flags.restore,
				dryRun: isDry,
			},
			flags.verbose && !isDry,
		);
		process.stderr.write(lines(warnings(this.program, report)));
		this.answer(
			ExitCode.yes,
			{
				text: isDry ? lines(report.commands) : lines(report.functions.map(line)),
				json: {version: 1, dryRun: isDry, ...report},
			},
			flags.json,
		);
	}

	// --verbose shows what was done also where it ended in an error and was undone.
	private async bind(order: Order, isVerbose: boolean): Promise<Report> {
		try {
			const report = (await native.bind(order)) as Report;
			if (isVerbose) process.stderr.write(lines(report.commands));
			return report;
		} catch (error) {
			const {facts} = error as {facts?: Readonly<Record<string, string>>};
			if (isVerbose && facts?.commands) process.stderr.write(`${facts.commands}\n`);
			throw error;
		}
	}
}

type Order = BindOrder & {readonly root: string};

type Companion = {
	readonly bdf: string;
	readonly driver: string | null;
	/** With its driver VFIO cannot open the group. */
	readonly hinders: boolean;
};

type Bound = Omit<BindReport['functions'][number], 'companions'> & {
	/** May VFIO open the group afterwards? */
	readonly isViable: boolean | null;
	readonly companions: readonly Companion[];
};

type Report = Omit<BindReport, 'functions'> & {readonly functions: readonly Bound[]};

function driverOf(option: string | undefined): string {
	return option === 'none' ? '' : (option ?? 'vfio-pci');
}

function lines(list: readonly string[]): string {
	return list.map((text) => `${text}\n`).join('');
}

function line(bound: Bound): string {
	const [before, after] = [bound.before ?? 'none', bound.after ?? 'none'];
	const change = before === after ? `already ${after}` : `${before} -> ${after}`;
	return [bound.bdf, change, groupOf(bound)].join('  ');
}

// A bridge of the group with its port driver is in nobody's way.
function groupOf({iommuGroup, companions}: Bound): string {
	if (iommuGroup === null) return 'no group';
	const others = companions
		.filter(({driver}) => driver !== 'pcieport')
		.map(({bdf, driver}) => `${bdf} (${driver ?? 'none'})`);
	return others.length === 0
		? `group ${iommuGroup}`
		: `group ${iommuGroup} with ${others.join(', ')}`;
}

// What stands between the change and its purpose; the change itself was made all the same.
function warnings(program: string, report: Report): string[] {
	const bound = report.functions.filter(({after}) => after?.includes('vfio'));
	const groups = new Map(bound.map((one) => [one.iommuGroup, one]));
	const ungrouped = bound.filter(({iommuGroup}) => iommuGroup === null);
	return [
		...ungrouped.flatMap(({bdf}) => [
			`${program}: warning: ${bdf} is in no IOMMU group, so VFIO cannot use it`,
			'  Try: turn the IOMMU on, in the firmware and with intel_iommu=on on the kernel command line',
		]),
		...[...groups.values()]
			.filter(({isViable}) => isViable === false)
			.flatMap((one) => notViable(program, one)),
	];
}

function notViable(program: string, {iommuGroup, companions}: Bound): string[] {
	const hindering = companions.filter(({hinders}) => hinders);
	const names = hindering.map(({bdf, driver}) => `${bdf} (${driver})`).join(', ');
	return [
		`${program}: warning: VFIO cannot use IOMMU group ${iommuGroup} yet: ${names} in it must go too`,
		`  Try: ${program} ${hindering.map(({bdf}) => bdf).join(' ')}`,
	];
}
