// SPDX-License-Identifier: MIT
// Runs commands in a guest, one after the other: their output as it comes, their exact status.

import {randomBytes} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Readable} from 'node:stream';
import {whyHung} from './hang.ts';
import {dial, untilToken} from './lines.ts';
import {LabError} from './tool.ts';
import type {Vm} from './vm.ts';

export type RunOptions = {
	/** Added to the guest's environment. */
	readonly env?: Readonly<Record<string, string>>;
	/** Default: the directory the guest was booted from. */
	readonly cwd?: string;
	/** Bytes, or a stream that is passed on as it comes; nothing by default. */
	readonly stdin?: string | Buffer | Readable;
	/** After this the command is killed and the status is 124, as timeout(1) has it. */
	readonly timeoutMs?: number;
	/** With a callback the output is not collected. */
	readonly onStdout?: (data: Buffer) => void;
	readonly onStderr?: (data: Buffer) => void;
};

export type Result = {
	/** The command's own, 128 + N for a signal, 124 after a timeout. */
	readonly status: number;
	readonly stdout: string;
	readonly stderr: string;
	readonly stdoutBytes: Buffer;
	readonly timedOut: boolean;
};

/** A shell line, or a program with its arguments. */
export type GuestCommand = string | readonly string[];

export type Runner = {
	run(command: GuestCommand, options?: RunOptions): Promise<Result>;
	/** On the guest's terminal, which the caller connects (`Vm.terminal`). */
	runOnTerminal(command: GuestCommand, options?: RunOptions): Promise<number>;
	kill(signal: string): void;
	resize(rows: number, columns: number): void;
	/** Everything the guest's page cache holds is on the disk images. */
	sync(): Promise<void>;
};

export function openRunner(vm: Vm, defaults: {cwd: string; env: Record<string, string>}): Runner {
	const exits = new Map<number, (status: number) => void>();
	let synced = () => {};
	let last = 0;
	let queue: Promise<unknown> = Promise.resolve();
	let over = false;
	const gone = vm.ended.then((how) => {
		over = true;
		throw new LabError(`the guest has ended, ${how}`);
	});
	gone.catch(() => {});
	vm.onMessage((line) => {
		const [word, id, status] = line.split(' ');
		if (word === 'exit') exits.get(Number(id))?.(Number(status));
		if (word === 'off') synced();
	});

	const start = (command: GuestCommand, options: RunOptions, terminal: boolean) => {
		const id = ++last;
		const token = randomBytes(16).toString('hex');
		const file = join(vm.folder, `${id}`);
		writeFileSync(`${file}.sh`, scriptOf(command, {...defaults, ...options}, defaults.env));
		const {stdin} = options;
		const isBytes = typeof stdin === 'string' || Buffer.isBuffer(stdin);
		if (isBytes) writeFileSync(`${file}.in`, stdin);
		const input = terminal ? 'tty' : isBytes ? 'file' : stdin ? 'port' : 'none';
		const exit = new Promise<number>((resolve) => exits.set(id, resolve));
		const output = collect(vm, token, options);
		const line = `run ${id} ${token} ${input} ${vm.folder}\n`;
		return {id, exit, output, line, stream: input === 'port' ? (stdin as Readable) : undefined};
	};

	const runNow = async (command: GuestCommand, options: RunOptions, terminal = false) => {
		if (over) return gone;
		const {id, exit, output, line, stream} = start(command, options, terminal);
		const closeInput = stream ? await feed(vm.folder, stream) : () => {};
		vm.control.write(line);
		const limit = killAfter(vm, id, options.timeoutMs);
		try {
			const status = await Promise.race([exit, limit.failed, gone]);
			await Promise.race([untilQuiet(vm, id, output), gone]);
			return output.result(limit.timedOut() ? 124 : status, limit.timedOut());
		} finally {
			limit.stop();
			closeInput();
			exits.delete(id);
		}
	};

	const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
		const result = queue.then(work, work);
		queue = result.catch(() => {});
		return result;
	};

	return {
		run: (command, options = {}) => inTurn(() => runNow(command, options)),
		runOnTerminal: async (command, options = {}) =>
			(await inTurn(() => runNow(command, options, true))).status,
		kill: (signal) => vm.control.write(`kill ${last} ${signal}\n`),
		resize: (rows, columns) => vm.control.write(`size ${rows} ${columns}\n`),
		sync: () =>
			new Promise((resolve) => {
				synced = resolve;
				vm.control.write('off\n');
			}),
	};
}

type Output = {
	/** Grows with every byte that arrives. */
	received(): number;
	readonly ended: Promise<unknown>;
	result(status: number, timedOut: boolean): Result;
};

function collect(vm: Vm, token: string, {onStdout, onStderr}: RunOptions): Output {
	let received = 0;
	const listenTo = (socket: Vm['stdout'], callback?: (data: Buffer) => void) => {
		const chunks: Buffer[] = [];
		const ended = new Promise<void>((resolve) => {
			const keep = callback ?? ((data: Buffer) => void chunks.push(data));
			const push = untilToken(Buffer.from(token), keep, () => {
				socket.off('data', count);
				resolve();
			});
			const count = (data: Buffer) => {
				received += data.length;
				push(data);
			};
			socket.on('data', count);
		});
		return {ended, chunks};
	};
	const out = listenTo(vm.stdout, onStdout);
	const err = listenTo(vm.stderr, onStderr);
	return {
		received: () => received,
		ended: Promise.all([out.ended, err.ended]),
		result: (status, timedOut) => {
			const stdoutBytes = Buffer.concat(out.chunks);
			const stderr = Buffer.concat(err.chunks).toString();
			return {status, stdout: stdoutBytes.toString(), stderr, stdoutBytes, timedOut};
		},
	};
}

/** A process left behind may hold the output open: after half a second of silence it is cut off. */
async function untilQuiet(vm: Vm, id: number, output: Output): Promise<void> {
	let seen = -1;
	let quiet = 0;
	const timer = setInterval(() => {
		quiet = output.received() === seen ? quiet + 1 : 0;
		seen = output.received();
		if (quiet === 5) vm.control.write(`cut ${id}\n`);
	}, 100);
	await output.ended;
	clearInterval(timer);
}

/**
 * TERM first, KILL two seconds later; ten more without an answer and the guest counts as dead: it is
 * ended, so that nobody waits for it again.
 */
function killAfter(vm: Vm, id: number, milliseconds: number | undefined) {
	const timers: NodeJS.Timeout[] = [];
	let timedOut = false;
	let isOver = false;
	const kill = (signal: string) => vm.control.write(`kill ${id} ${signal}\n`);
	const giveUp = async (reject: (error: Error) => void) => {
		const why = await whyHung(vm.qmp);
		if (isOver) return;
		reject(new LabError(why));
		await vm.destroy();
	};
	const failed = new Promise<never>((_, reject) => {
		if (milliseconds === undefined) return;
		const at = (delay: number, action: () => void) =>
			timers.push(setTimeout(action, milliseconds + delay));
		at(0, () => {
			timedOut = true;
			kill('TERM');
		});
		at(2000, () => kill('KILL'));
		at(12000, () => void giveUp(reject));
	});
	failed.catch(() => {});
	const stop = () => {
		isOver = true;
		timers.forEach(clearTimeout);
	};
	return {failed, timedOut: () => timedOut, stop};
}

/** Connects the guest's input to the stream until either ends. */
async function feed(folder: string, stream: Readable): Promise<() => void> {
	const socket = await dial(join(folder, 'input'));
	socket.write('go\n');
	stream.pipe(socket);
	return () => {
		stream.unpipe(socket);
		socket.destroy();
	};
}

function scriptOf(
	command: GuestCommand,
	{cwd, env = {}}: {cwd: string; env?: Readonly<Record<string, string>>},
	base: Readonly<Record<string, string>>,
): string {
	const variables = Object.entries({...base, ...env})
		.filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !readOnly.includes(name))
		.map(([name, value]) => `export ${name}=${quote(value)}`);
	return [...variables, `cd ${quote(cwd)} || exit 125`, ...execOf(command), ''].join('\n');
}

/** Variables of the shell's own that it does not let anyone set. */
const readOnly = ['UID', 'EUID', 'PPID', 'SHELLOPTS', 'BASHOPTS', '_'];

function execOf(command: GuestCommand): string[] {
	if (typeof command === 'string') return [`exec /bin/sh -c ${quote(command)}`];
	const [program = ''] = command;
	const name = quote(program);
	const refuse = (status: number, problem: string) =>
		`{ printf '%s\\n' ${quote(`p2p-lab: ${program}: ${problem}`)} >&2; exit ${status}; }`;
	const missing = refuse(127, 'command not found');
	const checks = program.includes('/')
		? [
				`[ -e ${name} ] || ${missing}`,
				`[ -f ${name} -a -x ${name} ] || ${refuse(126, 'not executable')}`,
			]
		: [`command -v ${name} >/dev/null || ${missing}`];
	return [...checks, `exec ${command.map(quote).join(' ')}`];
}

function quote(word: string): string {
	return `'${word.replaceAll("'", "'\\''")}'`;
}
