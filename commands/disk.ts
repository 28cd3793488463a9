// SPDX-License-Identifier: MIT
// p2p-disk: memory of a function as a block device, until a signal or for as long as COMMAND runs.

import {string} from '@oclif/core/args';
import {boolean, option, string as text} from '@oclif/core/flags';
import {BaseCommand, type Named, noSysroot} from '../lib/base-command.ts';
import {runCommand} from '../lib/child.ts';
import {diskFacts, diskJson, diskText, waitingText} from '../lib/disk-text.ts';
import {parseEndpoint} from '../lib/endpoint.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {allow} from '../lib/flags.ts';
import {hold} from '../lib/held.ts';
import {type DiskReport, native, type Place} from '../lib/native.ts';
import {dieOf, tell} from '../lib/output.ts';
import {permission} from '../lib/permission.ts';
import {noStopping, stopBySignal} from '../lib/signals.ts';
import {readRunning} from '../lib/supply.ts';
import {parseSize} from '../lib/units.ts';

export default class Disk extends BaseCommand {
	static override summary = 'Serve memory of a PCI function as a block device.';
	static override operandsUsage = 'PROVIDER  [-- COMMAND…]';
	static override operandKinds: readonly Named[] = ['endpoints'];
	static override args = {
		provider: string({
			required: true,
			ignoreStdin: true,
			description: 'the memory: NAME/barN[+OFF], NAME/cmb or NAME/pmr',
		}),
	};
	static override flags = {
		length: text({
			helpValue: 'SIZE',
			description: 'bytes of the disk; if left out, to the end of the memory',
		}),
		'read-only': boolean({description: 'a disk that cannot be written to'}),
		driver: option({
			options: ['ublk', 'nbd'] as const,
			description: 'of the kernel; if left out, nbd only where there is no ublk',
		})(),
		'json-file': text({
			helpValue: 'FILE',
			description: 'with -- COMMAND: write the facts to FILE as JSON',
		}),
		allow,
		...noSysroot,
	};
	static override takesCommand = true;
	static override examples = [
		'<%= program %> 04:00.0/bar2',
		'<%= program %> nvme0/pmr --read-only',
		"<%= program %> 04:00.0/bar2 --length 64M -- sh -c 'mkfs.ext4 -q $P2P_DISK'",
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Disk);
		if (flags.sysroot !== '') throw new Failure('a disk needs the running machine, not --sysroot');
		const memory = parseMemory(args.provider);
		const length = flags.length === undefined ? null : parseSize(flags.length);
		if (length === 0) throw new Failure('a disk has one block of 512 bytes at least');
		const named = {provider: args.provider, readOnly: flags['read-only']};
		this.openAnswerFile(flags['json-file']);

		const source = await readRunning();
		const order = {
			memory,
			length,
			readOnly: named.readOnly,
			driver: flags.driver ?? ('' as const),
			allowed: permission('any', flags.allow),
		};
		let stopping = noStopping;
		const {report, job, close} = await hold<DiskReport>((ready) => {
			const job = native.serve(source, order, (told) => {
				if (told.uses.length === 0) ready(told);
				else tell(`${this.program}: ${waitingText(told)}`);
			});
			stopping = stopBySignal(job);
			return job;
		});
		const json = diskJson(report, named);
		if (this.command.length === 0) {
			this.answer(ExitCode.yes, {text: diskText(report, named), json}, flags.json);
			await job.result;
			stopping.end();
			return;
		}
		this.writeAnswerFile(json);
		stopping.end();
		const early = stopping.by();
		const status =
			early === undefined
				? await runCommand(this.program, this.command, diskFacts(report), [])
				: ExitCode.ownFailure;
		stopBySignal(job);
		await close();
		if (early !== undefined) dieOf(early);
		process.exitCode = status;
	}
}

function parseMemory(words: string): Place {
	const place = parseEndpoint(words);
	if (place.kind === 'ns')
		throw new Failure(`${words} is a disk already; memory is NAME/barN, NAME/cmb or NAME/pmr`);
	return place;
}
