// SPDX-License-Identifier: MIT
// One QEMU process: its folder, its lines, its end. It never outlives the program that started it.

import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {
	closeSync,
	existsSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import type {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type Listener, listen, onLine} from './lines.ts';
import type {Machine} from './qemu.ts';
import {openQmp, type Qmp} from './qmp.ts';
import {findTool, LabError} from './tool.ts';

export type GuestFunction = {
	readonly bdf: string;
	readonly vendor: string;
	readonly device: string;
	readonly pciClass: string;
};

export type Vm = {
	readonly folder: string;
	readonly control: Socket;
	readonly stdout: Socket;
	readonly stderr: Socket;
	/** The guest's terminal, hvc0. */
	readonly terminal: Socket;
	readonly qmp: Qmp;
	/** What the guest's kernel found at boot. */
	readonly functions: readonly GuestFunction[];
	/** The guest's lines from now on. */
	onMessage(callback: (line: string) => void): void;
	/** Settles, never fails, when QEMU has ended: how, and with which last words. */
	readonly ended: Promise<string>;
	/** The end: QEMU is gone and so is the folder. */
	destroy(): Promise<void>;
};

export type VmOptions = {
	/** What the guest needs to know: the folder of its modules. */
	readonly modules: string;
	/** How long each step of the boot may take. */
	readonly watchdogMs: number;
};

/** A new folder for sockets and images; those that killed programs left behind are swept away. */
function makeFolder(): string {
	const base = tmpdir().length < 60 ? tmpdir() : '/tmp';
	for (const name of readdirSync(base)) {
		const [, pid] = /^p2p-lab-(\d+)-\w+$/.exec(name) ?? [];
		if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeFolder(join(base, name));
	}
	return mkdtempSync(join(base, `p2p-lab-${process.pid}-`));
}

/** Starts QEMU and waits until the guest is ready for commands. */
export async function startVm(
	describe: (folder: string) => Machine,
	options: VmOptions,
): Promise<Vm> {
	const folder = makeFolder();
	try {
		return await startIn(folder, describe(folder), options);
	} catch (error) {
		removeFolder(folder);
		throw error;
	}
}

async function startIn(folder: string, machine: Machine, options: VmOptions): Promise<Vm> {
	for (const {file, size} of machine.images) {
		writeFileSync(file, '');
		truncateSync(file, size);
	}
	const names = ['control', 'stdout', 'stderr', 'console0', 'qmp'] as const;
	const listeners = await Promise.all(names.map((name) => listen(join(folder, name))));
	const qemu = startQemu(folder, machine.args);
	const ended = endOf(qemu, join(folder, 'qemu.log'));
	const destroy = destroyer(qemu, ended, folder);
	try {
		const [control, stdout, stderr, terminal, qmp] = await connections(listeners, folder, ended);
		const lines = {current: (_line: string) => {}};
		onLine(control, (line) => lines.current(line));
		const functions = await greet(control, lines, folder, ended, options);
		return {
			folder,
			control,
			stdout,
			stderr,
			terminal,
			qmp: openQmp(qmp),
			functions,
			onMessage: (callback) => {
				lines.current = callback;
			},
			ended,
			destroy,
		};
	} catch (error) {
		await destroy();
		throw error;
	} finally {
		for (const listener of listeners) listener.close();
	}
}

/** At once, for a program that is about to die of a signal. */
export function destroyAll(): void {
	for (const destroy of running) destroy();
}

function startQemu(folder: string, args: readonly string[]): ChildProcess {
	const qemu = findTool('qemu-system-x86_64', 'qemu-system-x86');
	const log = openSync(join(folder, 'qemu.log'), 'w');
	// The kernel kills QEMU when we die, whatever kills us; a group of its own keeps it from Ctrl-C.
	const child = spawn(
		findTool('setpriv', 'util-linux'),
		['--pdeathsig', 'KILL', '--', qemu, ...args],
		{
			stdio: ['ignore', log, log],
			detached: true,
		},
	);
	closeSync(log);
	return child;
}

/** How QEMU ended, in a word or two, and what it said last. */
function endOf(qemu: ChildProcess, log: string): Promise<string> {
	return new Promise((resolve) => {
		qemu.once('exit', (status, signal) => {
			const words = lastLine(log);
			resolve(`${signal ?? `status ${status}`}${words && `: ${words}`}`);
		});
		qemu.once('error', (error) => resolve(error.message));
	});
}

const running = new Set<() => void>();

function destroyer(qemu: ChildProcess, ended: Promise<unknown>, folder: string) {
	const destroy = () => {
		qemu.kill('SIGKILL');
		removeFolder(folder);
	};
	if (running.size === 0) process.on('exit', destroyAll);
	running.add(destroy);
	return async () => {
		qemu.kill('SIGKILL');
		await ended;
		destroy();
		running.delete(destroy);
		if (running.size === 0) process.off('exit', destroyAll);
	};
}

type FiveSockets = [Socket, Socket, Socket, Socket, Socket];

async function connections(listeners: readonly Listener[], folder: string, ended: Promise<string>) {
	const all = Promise.all(listeners.map(({connection}) => connection));
	return (await Promise.race([all, failAfter(ended, folder)])) as FiveSockets;
}

/** The guest says hello, is told what it needs, lists its functions and is ready. */
async function greet(
	control: Socket,
	lines: {current: (line: string) => void},
	folder: string,
	ended: Promise<string>,
	{modules, watchdogMs}: VmOptions,
): Promise<GuestFunction[]> {
	const functions: GuestFunction[] = [];
	const watch = watchdog(watchdogMs);
	const ready = new Promise<void>((resolve) => {
		lines.current = (line) => {
			watch.feed();
			const [word, bdf = '', vendor = '', device = '', pciClass = ''] = line.split(' ');
			if (word === 'hello') control.write(`${modules}\n`);
			else if (word === 'function') functions.push({bdf, vendor, device, pciClass});
			else if (word === 'ready') resolve();
		};
	});
	try {
		await Promise.race([ready, watch.barked, failAfter(ended, folder)]);
	} finally {
		watch.stop();
	}
	return functions;
}

function watchdog(milliseconds: number) {
	let bark = (_error: Error) => {};
	const barked = new Promise<never>((_, reject) => {
		bark = reject;
	});
	barked.catch(() => {});
	const start = () =>
		setTimeout(
			() => bark(new LabError(`the guest did not answer within ${milliseconds / 1000} s`)),
			milliseconds,
		);
	let timer = start();
	return {
		barked,
		feed: () => {
			clearTimeout(timer);
			timer = start();
		},
		stop: () => clearTimeout(timer),
	};
}

async function failAfter(ended: Promise<string>, folder: string): Promise<never> {
	const how = await ended;
	const words = how.includes(':') ? '' : lastLine(join(folder, 'console'));
	throw new LabError(`QEMU ended during the boot, ${how}${words && `: ${words}`}`);
}

function lastLine(file: string): string {
	return existsSync(file) ? (readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '') : '';
}

function removeFolder(folder: string): void {
	try {
		rmSync(folder, {recursive: true, force: true});
	} catch {
		// Another user's leftover: not ours to remove.
	}
}

/** Waits, but not for ever; true when it ended in time. */
export async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
	const end = new AbortController();
	const late = once(AbortSignal.any([end.signal, AbortSignal.timeout(milliseconds)]), 'abort');
	const inTime = await Promise.race([promise.then(() => true), late.then(() => false)]);
	end.abort();
	return inTime;
}
