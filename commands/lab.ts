// SPDX-License-Identifier: MIT
// p2p-lab: a virtual machine with switches, disks and device memory, in which COMMAND runs.

import {string as option} from '@oclif/core/flags';
import {runAttached, runShell} from '../lab/attach.ts';
import {type BootOptions, boot, findDisplay, type Guest, LabError} from '../lab/boot.ts';
import {type Drawing, DrawingError, labels, place} from '../lab/drawing.ts';
import type {KernelName} from '../lab/kernel.ts';
import {findMachine} from '../lab/machines.ts';
import {destroyAll} from '../lab/vm.ts';
import {BaseCommand, noSysroot} from '../lib/base-command.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {dieOf, tell, watchStreams} from '../lib/output.ts';

export default class LabCommand extends BaseCommand {
	static override summary =
		'Boot a virtual machine with peer-to-peer hardware and run COMMAND in it, or a shell.';
	static override flags = {
		machine: option({
			helpValue: 'NAME|FILE',
			default: 'default',
			description: 'default, two-switches, acs, two-roots, or a file with a drawing',
		}),
		disk: option({
			helpValue: 'LABEL=FILE[,snapshot]',
			multiple: true,
			description: 'FILE is the disk LABEL; with ",snapshot" it stays as it is',
		}),
		screenshot: option({helpValue: 'FILE', description: 'a picture of the display, after COMMAND'}),
		iommu: option({options: ['intel', 'virtio', 'amd', 'none'], description: 'the virtual IOMMU'}),
		cpu: option({helpValue: 'MODEL', description: 'a CPU model of QEMU, e.g. EPYC'}),
		memory: option({helpValue: 'SIZE', default: '1G', description: 'memory of the machine'}),
		'kernel-parameters': option({helpValue: 'TEXT', description: 'added to the command line'}),
		kernel: option({
			options: ['debian', 'iommufd'],
			default: 'debian',
			description: "the guest's; iommufd once `npm run test:iommufd` has built it",
		}),
		trace: option({
			helpValue: 'PATTERN',
			multiple: true,
			description: "QEMU's trace events, written to stderr at the end",
		}),
		'json-file': option({
			helpValue: 'FILE',
			description: 'with -- COMMAND: write the facts to FILE as JSON',
		}),
		...noSysroot,
	};
	static override takesCommand = true;
	static override examples = [
		'<%= program %> -- p2p-list',
		"<%= program %> --machine=acs -- sh -c 'p2p-check $disk $mem'",
		'<%= program %> --disk disk=photos.img,snapshot --screenshot=screen.png -- ./show',
	];

	async run(): Promise<void> {
		const {flags} = await this.parse(LabCommand);
		this.openAnswerFile(flags['json-file']);
		if (flags.sysroot !== '') throw new Failure('a lab boots a machine of its own, not --sysroot');
		const drawing = read(flags.machine, flags.screenshot !== undefined);
		if (flags.json) {
			if (this.command.length > 0) throw new Failure('with -- COMMAND stdout is its own', hint);
			this.answer(ExitCode.yes, {text: '', json: facts(drawing, flags.machine)}, true);
			return;
		}
		endWithSignals();
		watchStreams();
		const guest = await this.#boot(drawing, {
			memory: flags.memory,
			env: ownEnvironment(),
			disks: Object.fromEntries((flags.disk ?? []).map(readDisk)),
			trace: flags.trace ?? [],
			kernel: flags.kernel as KernelName,
			kernelParameters: flags['kernel-parameters'] ?? '',
			...(flags.cpu === undefined ? {} : {cpu: flags.cpu}),
			...(flags.iommu === undefined ? {} : {iommu: flags.iommu as Drawing['iommu']}),
			onProgress: (text) => tell(`${this.program}: ${text}\n`),
		});
		if (!guest) return;
		try {
			process.exitCode = await this.#useGuest(guest);
			if (flags.screenshot !== undefined) await guest.screenshot(flags.screenshot);
			this.writeAnswerFile({...facts(drawing, flags.machine), status: process.exitCode});
			if (flags.trace) tell(guest.qemuLog());
		} catch (error) {
			throw failureOf(error);
		} finally {
			await guest.stop();
		}
	}

	/** A machine that does not boot is an ending of its own (p2p(7)), with COMMAND or without. */
	async #boot(drawing: Drawing, options: BootOptions): Promise<Guest | undefined> {
		try {
			return await boot(drawing, options);
		} catch (error) {
			if (error instanceof DrawingError) throw new Failure(error.message);
			if (!(error instanceof LabError)) throw error;
			const hints = error.hints.map((line) => `  Try: ${line}\n`).join('');
			tell(`${this.program}: ${error.message}\n${hints}`);
			process.exitCode = couldNotBoot;
			return undefined;
		}
	}

	#useGuest(guest: Guest): Promise<number> {
		if (this.command.length > 0) return runAttached(guest, this.command);
		return process.stdin.isTTY ? runShell(guest) : runAttached(guest, ['sh']);
	}
}

function failureOf(error: unknown): unknown {
	return error instanceof LabError ? new Failure(error.message, {hints: error.hints}) : error;
}

const couldNotBoot = 69;
const hint = {hints: ['--json-file=FILE   the facts, beside what COMMAND prints']};

function read(machine: string, isShown: boolean): Drawing {
	try {
		const drawing = findMachine(machine);
		if (isShown) findDisplay(place(drawing));
		return drawing;
	} catch (error) {
		throw failureOf(error);
	}
}

function readDisk(text: string): [string, {file: string; snapshot: boolean}] {
	const [, label = '', file = '', snapshot] = /^([\w.]+)=(.+?)(,snapshot)?$/.exec(text) ?? [];
	if (label === '') throw new Failure(`--disk ${text}: expected LABEL=FILE`);
	return [label, {file, snapshot: snapshot !== undefined}];
}

/** All of it goes along, except what would only slow node down in a guest without a network. */
function ownEnvironment(): Record<string, string> {
	const {NODE_EXTRA_CA_CERTS: _, ...kept} = process.env;
	return kept as Record<string, string>;
}

function facts(drawing: Drawing, machine: string) {
	const placed = place(drawing);
	return {
		version: 1,
		machine,
		iommu: drawing.iommu,
		labels: labels(placed),
		functions: placed.map(({bdf, path, node}) => ({bdf, path, kind: node.kind})),
	};
}

/** Ctrl-C ends the guest, and then this program as the signal does. */
function endWithSignals(): void {
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.once(signal, () => {
			destroyAll();
			dieOf(signal);
		});
	}
}
