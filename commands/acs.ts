// SPDX-License-Identifier: MIT

import {string as operand} from '@oclif/core/args';
import {boolean, string} from '@oclif/core/flags';
import {parseBits} from '../lib/acs-bits.ts';
import {bootParameter} from '../lib/acs-boot.ts';
import {acsJson, acsTable, mayHaveAcs, rowsOf} from '../lib/acs-table.ts';
import {type AcsChange, changeLines, dryLines, warningLines} from '../lib/acs-text.ts';
import {BaseCommand, type Named} from '../lib/base-command.ts';
import {parameterNotes} from '../lib/boot-parameters.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {fromFlag} from '../lib/flags.ts';
import {functionsNamed, functionsOf} from '../lib/function.ts';
import {
	type AcsOrder,
	type AcsReport,
	native,
	type Pair,
	type PciFunction,
	type Scan,
	type Source,
} from '../lib/native.ts';
import {tell} from '../lib/output.ts';
import {readSource} from '../lib/source.ts';
import {loadStyle} from '../lib/style.ts';
import {dropCapture} from '../lib/supply.ts';
import {captureHint, capturePlace} from '../lib/supply-text.ts';

export default class Acs extends BaseCommand {
	static override summary =
		'Show and change which ports send peer requests up to the root complex (ACS).';
	static override operandsUsage = '[PORT… | --route CLIENT PROVIDER]';
	static override operandKinds: readonly Named[] = ['ports'];
	static override args = {
		port: operand({
			multiple: true,
			ignoreStdin: true,
			description: 'a function with ACS: 0000:02:00.0, 02:00.0; with --route: the two ends',
		}),
	};
	static override flags = {
		route: boolean({description: 'the ports on the way from CLIENT to PROVIDER'}),
		clear: string({helpValue: 'BITS', description: 'clear these bits: rr,cr,ec'}),
		set: string({helpValue: 'BITS', description: 'set these bits: sv,tb,rr,cr,uf,ec,dt'}),
		restore: boolean({
			description: 'put back what was before p2p-acs changed it, in all ports or in those named',
		}),
		rebind: string({
			helpValue: 'FUNCTION',
			multiple: true,
			multipleNonGreedy: true,
			description: 'bind its driver anew, so that the kernel forgets its verdicts about it',
		}),
		'in-use': boolean({description: 'change ports above functions that are in use'}),
		'dry-run': boolean({char: 'n', description: 'write the commands, change nothing'}),
		verbose: boolean({char: 'v', description: 'write the commands to stderr'}),
		...fromFlag,
	};
	static override examples = [
		'<%= program %>                                       which ports, what is set, who set it',
		'<%= program %> 02:00.0 --clear rr,cr                 as p2p-check --fix says',
		'<%= program %> --route 03:00.0 04:00.0 --clear rr,cr,ec',
		'<%= program %> --restore                             all as it was',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Acs);
		const names = args.port ?? [];
		if (flags.route) requireTwo(names);
		if (isChange(flags)) await this.#change(names, flags);
		else await this.#show(names, flags);
	}

	async #show(names: readonly string[], flags: Flags): Promise<void> {
		requireNone(flags, ['in-use', 'dry-run', 'verbose']);
		const source = await readSource(flags);
		const scan = await native.scan(source);
		const {machine} = scan;
		const shown = flags.route
			? await onTheWay(source, scan, names)
			: await select(source, scan, names);
		const notes = parameterNotes(machine.bootParameters, scan.functions);
		const rows = rowsOf(shown, machine, await native.acsKept(source));
		const unread = shown.filter(({acs}) => acs === null).length;

		this.#warn(notes);
		if (unread > 0) {
			const ports = unread === 1 ? 'port' : 'ports';
			this.#warn([`the ACS of ${unread} ${ports} could not be read; as root it can`]);
		}
		const text = flags.json ? '' : await acsTable(rows, await loadStyle());
		const json = {version: 1, machine, ports: rows.map(acsJson), notes};
		this.answer(unread > 0 ? ExitCode.cannotTell : ExitCode.yes, {text, json}, flags.json);
	}

	async #change(names: readonly string[], flags: Flags): Promise<void> {
		const order = orderOf(names, flags);
		const source = {root: flags.sysroot};
		const before = await pairOf(source, order.route);
		const report = await this.#do(order, flags.verbose && !order.dryRun);
		const after = await pairOf(source, order.route);
		const change: AcsChange = {
			report,
			verdicts: order.dryRun ? null : verdictsOf(before, after),
			boot: order.restore ? '' : bootOf(report, await native.scan(source)),
		};

		tell(lines(warningLines(this.program, report)));
		const text = lines(order.dryRun ? dryLines(change) : changeLines(change));
		const {verdicts, boot} = change;
		const json = {version: 1, dryRun: order.dryRun, ...report, verdicts, boot: boot || null};
		this.answer(ExitCode.yes, {text, json}, flags.json);
	}

	// --verbose shows what was done also where it ended in an error and was undone.
	async #do(order: AcsOrder, isVerbose: boolean): Promise<AcsReport> {
		try {
			const report = await native.acs(order);
			const isChanged = order.restore || order.clear.length + order.set.length > 0;
			if (isChanged && !order.dryRun) this.#forgetCapture();
			if (isVerbose) tell(lines(report.commands));
			return report;
		} catch (error) {
			const {facts} = error as {facts?: Readonly<Record<string, string>>};
			if (isVerbose && facts?.commands) tell(`${facts.commands}\n`);
			throw error;
		}
	}

	/** What other users were lent tells of the ports as they were. */
	#forgetCapture(): void {
		if (!dropCapture()) return;
		this.#warn([`${capturePlace} told of the ports before this, and is gone: ${captureHint}`]);
	}

	#warn(texts: readonly string[]): void {
		tell(lines(texts.map((text) => `${this.program}: warning: ${text}`)));
	}
}

type Flags = {
	readonly route: boolean;
	readonly clear?: string | undefined;
	readonly set?: string | undefined;
	readonly restore: boolean;
	readonly rebind?: readonly string[] | undefined;
	readonly 'in-use': boolean;
	readonly 'dry-run': boolean;
	readonly verbose: boolean;
	readonly json: boolean;
	readonly sysroot: string;
	readonly from?: string | undefined;
};

function isChange({clear, set, restore, rebind}: Flags): boolean {
	return clear !== undefined || set !== undefined || restore || rebind !== undefined;
}

function requireTwo(names: readonly string[]): void {
	if (names.length < 2) {
		throw new Failure('--route needs CLIENT and PROVIDER', {hints: ['p2p-acs --help']});
	}
	if (names.length > 2) throw new Failure(`extra operand: ${names[2]}`);
}

function requireNone(flags: Flags, options: readonly ('in-use' | 'dry-run' | 'verbose')[]): void {
	const idle = options.find((option) => flags[option]);
	if (idle === undefined) return;
	throw new Failure(`--${idle} goes with --clear, --set, --restore or --rebind`);
}

function orderOf(names: readonly string[], flags: Flags): AcsOrder {
	const {restore, sysroot, rebind = []} = flags;
	const clear = flags.clear === undefined ? [] : parseBits('--clear', flags.clear);
	const set = flags.set === undefined ? [] : parseBits('--set', flags.set);
	const both = clear.find((bit) => set.includes(bit));
	const isBits = clear.length + set.length > 0;

	if (flags.from !== undefined) {
		throw new Failure('--from is for looking: only this machine can be changed');
	}
	if (sysroot !== '' && !flags['dry-run']) {
		throw new Failure('--sysroot goes with --dry-run: only this machine can be changed');
	}
	if (restore && isBits) {
		throw new Failure('--restore excludes --clear and --set');
	}
	if (both !== undefined) throw new Failure(`${both} cannot be both set and clear`);
	if (isBits && names.length === 0) {
		throw new Failure('missing operand: PORT', {hints: ['p2p-acs   shows which there are']});
	}
	if (!isBits && !restore && names.length > 0) {
		throw new Failure(`${names[0]}: what is to be done with it?`, {
			hints: ['--clear BITS, --set BITS or --restore'],
		});
	}
	return {
		root: sysroot,
		ports: flags.route ? [] : names,
		route: flags.route ? names : [],
		clear,
		set,
		restore,
		rebind,
		inUse: flags['in-use'],
		dryRun: flags['dry-run'] === true,
	};
}

async function select(
	source: Source,
	{functions}: Scan,
	names: readonly string[],
): Promise<PciFunction[]> {
	if (names.length === 0) return functions.filter(mayHaveAcs);
	return functionsNamed(source, functions, names);
}

async function onTheWay(
	source: Source,
	{functions}: Scan,
	names: readonly string[],
): Promise<PciFunction[]> {
	const pair = await pairOf(source, names);
	const way = pair === undefined ? [] : [pair.client, ...pair.fabric.route, pair.provider];
	return functionsOf(functions, way).filter(mayHaveAcs);
}

async function pairOf(
	source: Source,
	[client, provider]: readonly string[],
): Promise<Pair | undefined> {
	if (client === undefined || provider === undefined) return undefined;
	const {pairs} = await native.check(source, [[client, provider]]);
	return pairs[0];
}

function verdictsOf(before: Pair | undefined, after: Pair | undefined): AcsChange['verdicts'] {
	if (before === undefined || after === undefined) return null;
	const {client, provider} = after;
	return {client, provider, before: before.verdict, after: after.verdict};
}

/** The parameter for all ports that are named, changed now or before. */
function bootOf({ports}: AcsReport, {machine, functions}: Scan): string {
	const wanted = ports.map(({bdf, after, capability}) => ({
		path: functions.find((it) => it.bdf === bdf)?.path ?? bdf,
		bits: after,
		capability,
	}));
	return bootParameter(wanted, machine);
}

function lines(list: readonly string[]): string {
	return list.map((text) => `${text}\n`).join('');
}
