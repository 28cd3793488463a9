// SPDX-License-Identifier: MIT
// Boots the machine of a drawing and gives a guest that runs commands until it is stopped.

import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {join, resolve} from 'node:path';
import {compareAcs, compareFunctions} from './compare.ts';
import {defaultMode, modeScript} from './display.ts';
import {type Drawing, type Iommu, labels, type Placed, parseDrawing, place} from './drawing.ts';
import {getInitramfs, hasVirtioIommu} from './initramfs.ts';
import {getKernel, type KernelName, modulesFolder} from './kernel.ts';
import {idOf} from './parts.ts';
import {projectRoot} from './project.ts';
import {type Disk, describeMachine, type Failing} from './qemu.ts';
import {hmp} from './qmp.ts';
import {type GuestCommand, openRunner, type Result, type RunOptions} from './run.ts';
import {LabError} from './tool.ts';
import {startVm, type Vm, within} from './vm.ts';

export type {GuestCommand, Result, RunOptions} from './run.ts';
export {LabError} from './tool.ts';

export type BootOptions = {
	/** Default: 1G. */
	readonly memory?: string;
	/** These two stand above what the drawing's `machine` line says. */
	readonly cpu?: string;
	readonly iommu?: Iommu;
	/** Added to the drawing's. */
	readonly kernelParameters?: string;
	/** Image files by label; the second namespace of `disk` is `disk.2`. */
	readonly disks?: Readonly<Record<string, Disk>>;
	/** Sectors of 512 bytes that cannot be read or written, by the name of the disk. */
	readonly failing?: Readonly<Record<string, Failing>>;
	/** Slots are driven by the ports' own registers (pciehp), so that a function can be pulled. */
	readonly nativeHotplug?: boolean;
	/** Patterns of QEMU's -trace; the lines come with qemuLog(). */
	readonly trace?: readonly string[];
	/** Default: Debian's. */
	readonly kernel?: KernelName;
	/** The environment of every command, besides PATH and the labels. */
	readonly env?: Readonly<Record<string, string>>;
	/** Default: the current one. */
	readonly cwd?: string;
	/** How long a step of the boot may take; default 30 s. */
	readonly watchdogMs?: number;
	/** Told before what takes long: the kernel is fetched once. */
	readonly onProgress?: (text: string) => void;
};

export type Guest = {
	/** The bdf of every label, as the commands see it in their environment. */
	readonly env: Readonly<Record<string, string>>;
	readonly placed: readonly Placed[];
	run(command: GuestCommand, options?: RunOptions): Promise<Result>;
	/** On the guest's terminal; only the status comes back. */
	runOnTerminal(command: GuestCommand, options?: RunOptions): Promise<number>;
	/** Sends a signal to the running command. */
	kill(signal: string): void;
	resize(rows: number, columns: number): void;
	dmesg(): Promise<string>;
	/** The lines of dmesg that tell of IOMMU faults, AER errors or bugs; a good run has none. */
	faults(): Promise<string[]>;
	/** A picture of the display with this label, or of the first one: PNG, or PPM from an old QEMU. */
	screenshot(file: string, label?: string): Promise<void>;
	setMode(label: string, width: number, height: number): Promise<void>;
	qmp: Vm['qmp'];
	/** A command of QEMU's monitor for people. */
	hmp(text: string): Promise<string>;
	/** What the guest's kernel wrote to its serial line. */
	console(): string;
	/** What QEMU itself wrote, traces included. */
	qemuLog(): string;
	/** The file on the host behind a namespace (`disk`, `disk.2`), a ram (`mem`) or a PMR. */
	image(name: string, kind?: 'img' | 'ram' | 'pmr'): string;
	readonly terminal: Vm['terminal'];
	/** Settles when the guest is gone, by stop() or by itself. */
	readonly ended: Promise<unknown>;
	stop(): Promise<void>;
};

/** Boots; one boot that hangs is tried again. Fails with a DrawingError or a LabError. */
export async function boot(source: Drawing | string, options: BootOptions = {}): Promise<Guest> {
	const drawing = typeof source === 'string' ? parseDrawing(source) : source;
	const placed = place(drawing);
	try {
		return await bootOnce(drawing, placed, options);
	} catch (error) {
		if (!(error instanceof BootFailure)) throw error;
		return await bootOnce(drawing, placed, options);
	}
}

/** The boot went wrong in a way that may pass. */
class BootFailure extends LabError {}

async function bootOnce(
	drawing: Drawing,
	placed: readonly Placed[],
	options: BootOptions,
): Promise<Guest> {
	const kernel = await getKernel(options.kernel, options.onProgress);
	const initramfs = await getInitramfs(kernel);
	const iommu = options.iommu ?? drawing.iommu;
	if (iommu === 'virtio' && !(await hasVirtioIommu(kernel)))
		throw new LabError(`Linux ${kernel.release} has no virtio-iommu here`, ['machine iommu=intel']);
	const describe = (folder: string) =>
		describeMachine(drawing, {
			folder,
			kernel: kernel.image,
			initramfs,
			memory: options.memory ?? '1G',
			cpu: options.cpu ?? drawing.cpu ?? 'max',
			iommu,
			kernelParameters: [drawing.kernelParameters, options.kernelParameters ?? ''].join(' ').trim(),
			disks: options.disks ?? {},
			failing: options.failing ?? {},
			nativeHotplug: options.nativeHotplug ?? false,
			trace: options.trace ?? [],
		});
	const vm = await startVm(describe, {
		modules: modulesFolder(kernel),
		watchdogMs: options.watchdogMs ?? 30_000,
	}).catch((error: unknown) => {
		throw error instanceof LabError ? new BootFailure(error.message, error.hints) : error;
	});
	try {
		const guest = guestOf(vm, placed, options);
		compareFunctions(vm.functions, placed);
		await compareAcs(guest.run, placed);
		await setModes(guest, placed);
		return guest;
	} catch (error) {
		await vm.destroy();
		throw error;
	}
}

function guestOf(vm: Vm, placed: readonly Placed[], options: BootOptions): Guest {
	const env = labels(placed);
	const runner = openRunner(vm, {
		cwd: resolve(options.cwd ?? '.'),
		env: {...environment(), ...options.env, ...env, PATH: searchPath(options.env?.PATH)},
	});
	const {run} = runner;
	const dmesg = async () => (await run('/run/p2p-lab/busybox dmesg', {timeoutMs: 30_000})).stdout;
	return {
		env,
		placed,
		run,
		runOnTerminal: runner.runOnTerminal,
		kill: runner.kill,
		resize: runner.resize,
		dmesg,
		faults: async () => (await dmesg()).split('\n').filter((line) => trouble.test(line)),
		screenshot: (file, label) => screenshot(vm, findDisplay(placed, label), resolve(file)),
		setMode: (label, width, height) => setMode(run, findDisplay(placed, label), {width, height}),
		qmp: vm.qmp,
		hmp: (text) => hmp(vm.qmp, text),
		console: () => readFileSync(join(vm.folder, 'console'), 'latin1'),
		qemuLog: () => readFileSync(join(vm.folder, 'qemu.log'), 'utf8'),
		image: (name, kind = 'img') =>
			options.disks?.[name]?.file ?? join(vm.folder, `${name}.${kind}`),
		terminal: vm.terminal,
		ended: vm.ended,
		stop: async () => {
			const synced = await within(5000, Promise.race([runner.sync(), vm.ended]));
			if (synced) await within(3000, Promise.race([vm.qmp('quit').catch(() => {}), vm.ended]));
			await vm.destroy();
		},
	};
}

const trouble = /DMAR: \[|AER: (?!enabled)|BUG:|WARNING:|Oops|Call Trace|I\/O error/;

function environment(): Record<string, string> {
	const kept = ['LANG', 'LC_ALL', 'TERM', 'TZ', 'USER', 'NO_COLOR'];
	const found = kept.flatMap((name) => {
		const value = process.env[name];
		return value === undefined ? [] : [[name, value] as const];
	});
	return {HOME: homedir(), ...Object.fromEntries(found)};
}

function searchPath(path = process.env.PATH ?? '/usr/bin:/bin'): string {
	return [join(projectRoot(), 'bin'), path, '/usr/sbin', '/sbin'].join(':');
}

async function setModes(guest: Guest, placed: readonly Placed[]): Promise<void> {
	for (const display of placed.filter(({node}) => node.kind === 'display')) {
		await setMode(guest.run, display, defaultMode);
	}
}

async function setMode(run: Guest['run'], {bdf}: Placed, mode: {width: number; height: number}) {
	const {status, stderr} = await run(modeScript(bdf, mode));
	if (status !== 0) throw new LabError(`the mode of ${bdf} cannot be set: ${stderr.trim()}`);
}

export function findDisplay(placed: readonly Placed[], label?: string): Placed {
	const display = placed.find(
		({node}) => node.kind === 'display' && (label === undefined || node.label === label),
	);
	if (display) return display;
	throw new LabError(
		label ? `no display has the label \`${label}\`` : 'the machine has no display',
	);
}

async function screenshot({qmp}: Vm, display: Placed, filename: string): Promise<void> {
	const shot = {device: idOf(display), filename};
	try {
		await qmp('screendump', {...shot, format: 'png'}).catch(() => qmp('screendump', shot));
	} catch (error) {
		throw new LabError(`no picture of the display: ${(error as Error).message}`);
	}
}
