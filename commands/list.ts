// SPDX-License-Identifier: MIT
import {writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {string} from '@oclif/core/args';
import {boolean, string as option} from '@oclif/core/flags';
import {BaseCommand, type Named} from '../lib/base-command.ts';
import {captureText} from '../lib/capture.ts';
import {type Column, columns, defaultColumns, treeColumns} from '../lib/columns.ts';
import {namesUnseen, unseenText} from '../lib/describe.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {fromFlag} from '../lib/flags.ts';
import {chooseFunctions, recordOf as wholeRecordOf} from '../lib/function.ts';
import {native, type PciFunction, type Read, type Scan} from '../lib/native.ts';
import {isTerminal, tell, write} from '../lib/output.ts';
import {readSelf, readSource} from '../lib/source.ts';
import {loadStyle} from '../lib/style.ts';
import {leaveCapture} from '../lib/supply.ts';
import {capturePlace} from '../lib/supply-text.ts';
import {table} from '../lib/table.ts';
import {prefixes, signsOf} from '../lib/topo-text.ts';
import {treesOf, walk} from '../lib/tree.ts';

export default class List extends BaseCommand {
	static override summary =
		'List the functions that matter: what each is, the memory it offers, what it can be.';
	static override operandsUsage = '[FUNCTION…]';
	static override operandKinds: readonly Named[] = ['ports'];
	static override args = {
		function: string({
			multiple: true,
			ignoreStdin: true,
			description: 'only these: 0000:03:00.0, 03:00.0, nvme0n1',
		}),
	};
	static override flags = {
		all: boolean({char: 'a', description: 'bridges and everything else too'}),
		tree: boolean({char: 't', description: 'below each other as they hang, with the ports above'}),
		output: option({
			char: 'o',
			helpValue: 'COLUMNS',
			description: `these columns, or with + these too: ${Object.keys(columns).join(', ')}`,
		}),
		noheadings: boolean({char: 'n', description: 'no headings'}),
		raw: boolean({char: 'r', description: 'one space between the columns, for scripts'}),
		...fromFlag,
		capture: option({
			helpValue: 'FILE',
			description: `write the machine to FILE, for --from; - is stdout; root for all users: ${capturePlace}`,
		}),
		json: boolean({char: 'J', description: 'write the answer as one JSON object'}),
	};
	static override examples = [
		'<%= program %>',
		'<%= program %> -n -r -o FUNCTION,GROUP nvme0n1',
		'<%= program %> --all -o +PATH,ACS',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(List);
		const shown = columnsOf(flags.output, flags.tree);
		if (flags.capture !== undefined) {
			requireOwn(flags.capture, flags);
			await saveCapture(await readSelf(flags), flags.capture);
			return;
		}
		const source = await readSource(flags);
		const scan = await native.scan(source);
		const chosen = await chooseFunctions(source, scan.functions, args.function ?? [], flags.all);
		const functions = flags.tree ? withPorts(scan.functions, chosen) : chosen;

		// As lsblk: lines for scripts are in the order of the tree, without its branches.
		const drawn = flags.tree && !flags.raw ? inTree(functions, shown) : shown;
		const text = flags.json ? '' : await textOf(functions, drawn, flags);
		const json = jsonOf(scan, functions, flags.output === undefined ? undefined : shown);
		this.answer(ExitCode.yes, {text, json}, flags.json);
		tell(unseenText(this.program, scan));
	}
}

/** What other users' programs believe is of the running machine. */
function requireOwn(file: string, {sysroot, from}: {sysroot: string; from?: string | undefined}) {
	if (resolve(file) === capturePlace && (sysroot !== '' || from !== undefined))
		throw new Failure(`${capturePlace} is for the running machine alone`);
}

async function saveCapture(source: Read, file: string): Promise<void> {
	const text = captureText(await native.capture(source));
	if (file === '-') write(text);
	else if (resolve(file) === capturePlace) await leaveCapture(text);
	else writeFileSync(file, text);
	const cut = namesUnseen(await native.scan(source)).length;
	if (cut > 0) {
		tell(`p2p-list: warning: the ACS of ${cut} functions could not be read; as root it can\n`);
	}
}

type Layout = {readonly noheadings: boolean; readonly raw: boolean};

function columnsOf(output: string | undefined, isTree: boolean): Column[] {
	const isMore = output?.startsWith('+') ?? false;
	const words = output?.slice(isMore ? 1 : 0).split(',') ?? [];
	const names = words.map((word) => word.trim().toUpperCase());
	const unknown = names.find((name) => !Object.hasOwn(columns, name));
	if (unknown !== undefined) {
		const known = Object.keys(columns).join(', ');
		throw new Failure(`there is no column '${unknown}'; there are ${known}`);
	}
	const usual = isTree ? treeColumns : defaultColumns;
	const wanted = output === undefined || isMore ? [...usual, ...names] : names;
	return wanted.flatMap((name) => columns[name] ?? []);
}

/** Those, and every port above them. */
function withPorts(
	functions: readonly PciFunction[],
	chosen: readonly PciFunction[],
): PciFunction[] {
	const wanted = new Set<string>();
	const byName = new Map(functions.map((it) => [it.bdf, it]));
	for (const it of chosen) {
		for (let at: PciFunction | undefined = it; at !== undefined; at = byName.get(at.parent ?? '')) {
			wanted.add(at.bdf);
		}
	}
	const {roots} = treesOf(
		functions.filter(({bdf}) => wanted.has(bdf)),
		{isWhole: true},
	);
	return roots.flatMap(({nodes}) => [...walk(nodes)].map(({it}) => it));
}

/** The column of names drawn as a tree; the domain stays, so that names can be copied. */
function inTree(functions: readonly PciFunction[], shown: readonly Column[]): Column[] {
	const margins = new Map<string, string>();
	for (const {nodes} of treesOf(functions, {isWhole: true}).roots) {
		for (const {prefix, node} of prefixes(nodes, signsOf(process.env))) {
			margins.set(node.it.bdf, prefix);
		}
	}
	return shown.map((column) =>
		column.name === 'FUNCTION'
			? {...column, text: (it) => `${margins.get(it.bdf) ?? ''}${it.bdf}`}
			: column,
	);
}

async function textOf(
	functions: readonly PciFunction[],
	shown: readonly Column[],
	{noheadings, raw}: Layout,
): Promise<string> {
	const style = await loadStyle();
	const headings = shown.map(({name}) => style.strong(name));
	const rows = functions.map((it) => shown.map(({text}) => text(it)));
	return table(noheadings ? rows : [headings, ...rows], {
		isRaw: raw,
		rightAligned: shown.map(({isRight = false}) => isRight),
		width: isTerminal(1) ? process.stdout.columns || undefined : undefined,
	});
}

function jsonOf(
	scan: Scan,
	functions: readonly PciFunction[],
	shown: readonly Column[] | undefined,
): unknown {
	const records = functions.map((it) => recordOf(it, shown));
	const missing = namesUnseen(scan).map((bdf) => `${bdf} ACS`);
	return {version: 1, machine: scan.machine, functions: records, missing};
}

function recordOf(it: PciFunction, shown: readonly Column[] | undefined): unknown {
	if (shown !== undefined) {
		return Object.fromEntries(shown.map(({name, json}) => [name.toLowerCase(), json(it)]));
	}
	return wholeRecordOf(it);
}
