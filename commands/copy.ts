// SPDX-License-Identifier: MIT
// p2p-copy: operands and options become an order; the core checks, moves and proves; here the
// order's words come from and its facts go to.

import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import {string} from '@oclif/core/args';
import {boolean, integer, string as option} from '@oclif/core/flags';
import {BaseCommand, type Named, noSysroot} from '../lib/base-command.ts';
import {
	type CopyWords,
	copyChoices,
	copyDefaults,
	copyOrder,
	copyRanges,
	mostFrames,
} from '../lib/copy-order.ts';
import {copyJson, explainText, summaryText} from '../lib/copy-text.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {allow, mechanism, require} from '../lib/flags.ts';
import {missingFrames} from '../lib/frames-text.ts';
import {faultWarning, mismatchFailure} from '../lib/mismatch-text.ts';
import {
	type CopyOrder,
	type CopyReport,
	native,
	type Place,
	type Read,
	type Verify,
} from '../lib/native.ts';
import {dieOf, isTerminal, tell} from '../lib/output.ts';
import type {AllowWord} from '../lib/permission.ts';
import {Progress} from '../lib/progress.ts';
import {endBySignal, stoppedBySignal} from '../lib/signals.ts';
import {readRunning} from '../lib/supply.ts';

export default class Copy extends BaseCommand {
	static override summary =
		'Move bytes straight from device to device, and prove that they arrived.';
	static override operandKinds: readonly Named[] = ['places'];
	static override args = {
		from: string({
			required: true,
			ignoreStdin: true,
			description:
				'NAME/nsN[+OFF], NAME/barN[+OFF], NAME/cmb, NAME/pmr; /dev/nvmeXnY[+OFF], ./FILE[+OFF] or -; video:/dev/videoN',
		}),
		to: string({
			required: true,
			ignoreStdin: true,
			description:
				'the same but video:, and drm:/dev/dri/cardN; an end is a function, or FROM is video:',
		}),
	};
	static override flags = {
		via: option({
			helpValue: 'NAME[/barN|/cmb|/pmr]',
			description: 'memory between two namespaces; if left out, a CMB of either',
		}),
		engine: option({
			helpValue: 'FUNCTION',
			description: 'a DMA engine that carries from memory to memory',
		}),
		staged: boolean({description: 'through host memory; never peer-to-peer'}),
		width: option({
			options: copyChoices.width.map(String),
			description: 'loads and stores of so many bytes, BAR and file: registers too',
		}),
		length: option({helpValue: 'SIZE', description: 'bytes to move; if left out, all of FROM'}),
		verify: option({
			options: copyChoices.verify,
			default: copyDefaults.verify,
			description: 'compare every byte, some blocks (default), or nothing',
		}),
		pattern: option({
			helpValue: 'SEED',
			exclusive: ['width'],
			description: 'overwrite FROM with data of our own first; compare every byte',
		}),
		require,
		allow,
		mechanism,
		frames: integer({
			helpValue: 'N',
			min: 1,
			max: mostFrames,
			description: 'of video:; if left out, until it is told to stop or TO is full',
		}),
		format: option({
			helpValue: 'FOURCC',
			description: 'of video:, as YUYV; as it is set if left out',
		}),
		'frame-size': option({
			helpValue: 'WIDTHxHEIGHT',
			description: 'of video:; as it is set if left out',
		}),
		'overwrite-signature': boolean({
			description: 'write to a namespace that holds a file system or the like',
		}),
		'json-file': option({
			helpValue: 'FILE',
			description: 'write the answer to FILE; stdout is left to the data',
		}),
		explain: boolean({description: 'say what would happen, and do nothing'}),
		progress: boolean({
			description: 'progress and a summary on stderr, terminal or not',
		}),
		queues: integer({...number('queues'), helpValue: 'N', description: 'NVMe queue pairs'}),
		depth: integer({
			...number('depth'),
			helpValue: 'N',
			description: 'requests under way per queue',
		}),
		timeout: integer({
			...number('timeout'),
			helpValue: 'SECONDS',
			description: 'for any one request',
		}),
		...noSysroot,
	};
	static override optionalValues = {verify: 'full', pattern: 'random'};
	static override examples = [
		'<%= program %> 03:00.0/ns1 04:00.0/bar2 --length 64M --verify',
		'<%= program %> 04:00.0/bar2+1M nvme1n1/ns1+4K --length 1M',
		'<%= program %> 04:00.0/bar2+0 05:00.0/bar2 --engine 06:00.0 --length 1M --pattern',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Copy);
		if (flags.sysroot !== '') throw new Failure('a copy needs the running machine, not --sysroot');
		const order = copyOrder(args.from, args.to, {
			...flags,
			width: Number(flags.width ?? 0) as CopyWords['width'],
			verify: flags.verify as Verify,
			allow: flags.allow as AllowWord[] | undefined,
			overwriteSignature: flags['overwrite-signature'],
			frameSize: flags['frame-size'],
		});

		requireOther(flags['json-file'], [order.from, order.to]);
		this.openAnswerFile(flags['json-file']);
		const source = await readRunning();
		if (flags.explain) {
			const plan = await native.plan(source, order);
			this.answer(
				ExitCode.yes,
				{text: explainText(plan), json: copyJson(args, plan, null)},
				flags.json,
			);
			return;
		}
		if (flags.json && order.to.kind === 'stream' && order.to.name === '')
			throw new Failure('standard output cannot take the data and --json both', {
				hints: ['--json-file=FILE   the answer, beside the data'],
			});
		const isTold = flags.progress || isTerminal(2);
		const report = await copy(source, order, isTold);
		if (isTold) tell(summaryText(report));
		const warning = faultWarning(report);
		if (warning !== undefined) tell(`${this.program}: warning: ${warning}\n`);
		const failure = mismatchFailure(report) ?? missingFrames(report);
		const status = failure?.status ?? ExitCode.yes;
		const json = copyJson(args, report.plan, report.result);
		this.answer(status, {text: '', json}, flags.json);
		if (failure !== undefined) throw failure;
	}
}

function number(name: keyof typeof copyRanges) {
	const [min, max] = copyRanges[name];
	return {default: copyDefaults[name], min, max};
}

async function copy(source: Read, order: CopyOrder, isTold: boolean): Promise<CopyReport> {
	let progress: Progress | undefined;
	const job = native.copy(source, order, (told) => {
		if ('phase' in told) progress?.show(told);
		else if (isTold) progress = new Progress(told);
	});

	const settled = () => progress?.clear();
	const isPiped = order.to.kind === 'stream' && order.to.name === '';
	// Frames without a number of them come until somebody says that it is enough.
	const isEndless = order.from.kind === 'video' && order.pictures.frames === 0;
	try {
		return await (isEndless ? stoppedBySignal(job, settled) : endBySignal(job, settled));
	} catch (error) {
		if (isPiped && (error as NodeJS.ErrnoException).code === 'EPIPE') dieOf('SIGPIPE');
		throw error;
	}
}

/** The answer must not lie where the data does. */
function requireOther(file: string | undefined, ends: readonly Place[]): void {
	if (file !== undefined && ends.some(({kind, name}) => kind === 'file' && isSame(file, name)))
		throw new Failure(`${file} cannot take the data and the answer both`);
}

function isSame(file: string, other: string): boolean {
	const [one, two] = [file, other].map((path) => statSync(path, {throwIfNoEntry: false}));
	return one && two ? one.dev === two.dev && one.ino === two.ino : resolve(file) === resolve(other);
}
