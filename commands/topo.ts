// SPDX-License-Identifier: MIT
import {writeFileSync} from 'node:fs';
import {string} from '@oclif/core/args';
import {boolean, string as option} from '@oclif/core/flags';
import {BaseCommand, type Named} from '../lib/base-command.ts';
import {headline} from '../lib/describe.ts';
import {ExitCode, type ExitStatus} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {assumptionFlags, fromFlag} from '../lib/flags.ts';
import {native, type Pair, type Read, type Scan} from '../lib/native.ts';
import {isTerminal} from '../lib/output.ts';
import {readSource} from '../lib/source.ts';
import {loadStyle} from '../lib/style.ts';
import {topoDot} from '../lib/topo-dot.ts';
import {topoJson} from '../lib/topo-json.ts';
import {topoSvg} from '../lib/topo-svg.ts';
import {cutLines, inLocale, routeText, signsOf, topoText} from '../lib/topo-text.ts';
import {counted, machineWords} from '../lib/topo-words.ts';
import {type TreeOptions, treesOf} from '../lib/tree.ts';
import {functionsOf, type Picture, wayOf} from '../lib/way.ts';

export default class Topo extends BaseCommand {
	static override summary = 'Draw the PCI Express tree: links, ACS in words, memory, and routes.';
	static override operandsUsage = '[--route CLIENT PROVIDER]';
	static override operandKinds: readonly Named[] = ['functions'];
	static override args = {
		function: string({
			multiple: true,
			ignoreStdin: true,
			description: 'with --route: the client, and the provider',
		}),
	};
	static override flags = {
		all: boolean({char: 'a', description: 'everything, one by one'}),
		route: boolean({description: 'the way from CLIENT to PROVIDER, and where it turns'}),
		svg: option({
			helpValue: 'FILE',
			exclusive: ['json'],
			description: 'a picture, on stdout or into FILE',
		}),
		dot: option({
			helpValue: 'FILE',
			exclusive: ['svg', 'json'],
			description: 'the tree for graphviz, on stdout or into FILE',
		}),
		...fromFlag,
		...assumptionFlags,
	};
	static override optionalValues = {svg: '-', dot: '-'};
	static override examples = [
		'<%= program %>',
		'<%= program %> --route nvme0 card0',
		'<%= program %> --route 03:00.0 04:00.0 --svg=route.svg',
		'<%= program %> --from m.json --dot | dot -Tpng >m.png',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Topo);
		const names = args.function ?? [];
		checkOperands(names, flags);
		const source = await readSource(flags);
		const scan = await native.scan(source);
		const pair = flags.route ? await pairOf(source, names) : undefined;
		const status = statusOf(pair);
		const picture = pictureOf(scan, pair, {isWhole: flags.all, isFolded: !flags.json});

		if (flags.svg !== undefined) this.#save(topoSvg(picture), flags.svg, status);
		else if (flags.dot !== undefined) this.#save(topoDot(picture), flags.dot, status);
		else {
			const text = flags.json ? '' : await textOf(picture, scan);
			const json = topoJson(picture.trees, scan.machine, pair);
			this.answer(status, {text, json}, flags.json);
		}
	}

	#save(picture: string, file: string, status: ExitStatus): void {
		if (file === '-') this.answer(status, {text: picture, json: undefined}, false);
		else {
			writeFileSync(file, picture);
			process.exitCode = status;
		}
	}
}

type Flags = {
	readonly route: boolean;
	readonly svg?: string | undefined;
	readonly dot?: string | undefined;
};

function checkOperands(names: readonly string[], {route, svg, dot}: Flags): void {
	if (route && names.length < 2) {
		throw new Failure('--route needs CLIENT and PROVIDER', {hints: ['p2p-topo --help']});
	}
	const extra = names[route ? 2 : 0];
	if (extra === undefined) return;
	const option = svg === '-' ? '--svg' : dot === '-' ? '--dot' : undefined;
	const hint = option === undefined ? '--route CLIENT PROVIDER' : `${option}=${extra}`;
	throw new Failure(`extra operand: ${extra}`, {hints: [`p2p-topo ${hint}`]});
}

async function pairOf(source: Read, [client = '', provider = '']: string[]): Promise<Pair> {
	const {
		pairs: [pair],
	} = await native.check(source, [[client, provider]]);
	if (pair === undefined) throw new Error('the core gave no pair');
	return pair;
}

function pictureOf(
	{machine, functions}: Scan,
	pair: Pair | undefined,
	options: TreeOptions,
): Picture {
	const way = pair && wayOf(pair, functions);
	const keep = way === undefined ? [] : functionsOf(way).map(({bdf}) => bdf);
	return {
		trees: treesOf(functions, {...options, keep}),
		caption: [counted(functions.length), machineWords(machine)].filter(Boolean).join(', '),
		way,
		sentence: pair && `${pair.verdict}: ${headline(machine, pair)}`,
	};
}

async function textOf({trees, way}: Picture, {machine}: Scan): Promise<string> {
	const signs = signsOf(process.env);
	const style = await loadStyle();
	const word = way && `${style.word(way.pair.verdict)}: ${headline(machine, way.pair)}`;
	const text =
		way === undefined
			? await topoText(trees, signs, style)
			: `${word}\n\n${await routeText(way, machine, signs)}`;
	const columns = isTerminal(1) ? process.stdout.columns : 0;
	return inLocale(columns > 0 ? cutLines(text, columns) : text, signs);
}

function statusOf(pair: Pair | undefined): ExitStatus {
	if (pair === undefined) return ExitCode.yes;
	if (pair.verdict === 'unknown') return ExitCode.cannotTell;
	return pair.verdict === 'no' ? ExitCode.no : ExitCode.yes;
}
