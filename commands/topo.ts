// SPDX-License-Identifier: MIT
import {writeFileSync} from 'node:fs';
import {string} from '@oclif/core/args';
import {boolean, string as option} from '@oclif/core/flags';
import {BaseCommand} from '../lib/base-command.ts';
import {headline} from '../lib/describe.ts';
import {ExitCode, type ExitStatus} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {recordOf} from '../lib/function.ts';
import {native, type Pair, type PciFunction} from '../lib/native.ts';
import {assumptionFlags, fromFlag, sourceOf} from '../lib/source.ts';
import {loadStyle} from '../lib/style.ts';
import {topoDot} from '../lib/topo-dot.ts';
import {topoSvg, type Way} from '../lib/topo-svg.ts';
import {linesOf, routeText, topoText} from '../lib/topo-text.ts';
import {type Node, treesOf} from '../lib/tree.ts';

export default class Topo extends BaseCommand {
	static override summary = 'Draw the PCI Express tree: links, ACS in words, memory, and routes.';
	static override operandsUsage = '[--route CLIENT PROVIDER]';
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
		svg: option({helpValue: 'FILE', description: 'a picture into FILE; - is stdout'}),
		dot: option({
			helpValue: 'FILE',
			exclusive: ['svg'],
			description: 'the tree for graphviz into FILE; - is stdout',
		}),
		...fromFlag,
		...assumptionFlags,
	};
	static override examples = [
		'<%= program %>',
		'<%= program %> --route nvme0 card0',
		'<%= program %> --route 03:00.0 04:00.0 --svg route.svg',
		'<%= program %> --from m.json --dot - | dot -Tpng >m.png',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Topo);
		const names = args.function ?? [];
		checkOperands(names, flags.route);
		const source = await native.read(await sourceOf(flags));
		const {machine, functions} = await native.scan(source);
		const [client = '', provider = ''] = names;
		const check = flags.route ? await native.check(source, [[client, provider]]) : undefined;
		const pair = check?.pairs[0];
		const status = pair === undefined ? ExitCode.yes : statusOf(pair);

		const trees = treesOf(functions, {isWhole: flags.all});
		const way =
			pair === undefined ? null : wayOf(pair, `${pair.verdict}: ${headline(machine, pair)}`);
		if (flags.svg !== undefined || flags.dot !== undefined) {
			const whole = way === null ? trees : treesOf(functions, {isWhole: flags.all, keep: way.bdfs});
			const picture = flags.svg === undefined ? topoDot(whole, way) : topoSvg(whole, way);
			this.#save(picture, flags.svg ?? flags.dot ?? '-', status);
			return;
		}
		const roots = trees.roots.map(({bus, nodes}) => ({bus, functions: nodes.map(recordsOf)}));
		const json = {version: 1, machine, roots, ...(pair === undefined ? {} : {pair})};
		const lines = linesOf(process.env);
		const style = await loadStyle();
		const text =
			pair === undefined
				? await topoText(trees, lines)
				: `${style.word(pair.verdict)}: ${headline(machine, pair)}\n\n${await routeText(pair, functions, lines)}`;
		this.answer(status, {text, json}, flags.json);
	}

	#save(picture: string, file: string, status: ExitStatus): void {
		if (file === '-') this.answer(status, {text: picture, json: undefined}, false);
		else {
			writeFileSync(file, picture);
			process.exitCode = status;
		}
	}
}

function checkOperands(names: readonly string[], isRoute: boolean): void {
	if (isRoute && names.length !== 2) {
		throw new Failure('--route needs CLIENT and PROVIDER', {hints: ['p2p-topo --help']});
	}
	if (!isRoute && names.length > 0) {
		throw new Failure(`extra operand: ${names[0]}`, {hints: ['p2p-topo --route CLIENT PROVIDER']});
	}
}

function wayOf({client, provider, fabric}: Pair, sentence: string): Way {
	return {
		bdfs: [client, ...fabric.route, provider],
		isThroughRoot: fabric.turnsAt === null,
		turnsAt: fabric.request === 'direct' ? fabric.turnsAt : null,
		sentence,
	};
}

function recordsOf({it, below, more}: Node): object {
	return {
		...(recordOf(it) as PciFunction),
		alike: more.map(({bdf}) => bdf),
		below: below.map(recordsOf),
	};
}

function statusOf({verdict}: Pair): ExitStatus {
	if (verdict === 'unknown') return ExitCode.cannotTell;
	return verdict === 'no' ? ExitCode.no : ExitCode.yes;
}
