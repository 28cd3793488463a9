// SPDX-License-Identifier: MIT
// Standard output and error as coreutils treat them: a reader that went away ends the program as
// SIGPIPE would, a full disk is an error that is said and shown in the exit status. Straight to the
// descriptors: node's streams cost every start more than all else that it loads.

import {constants, fstatSync, readFileSync, writeSync} from 'node:fs';
import {ExitCode} from './exit-code.ts';
import {Failure} from './failure.ts';
import {reasonOf} from './file.ts';

type Descriptor = 1 | 2;

let program = 'p2p';

/** Whom the message of a failed write names; to be called before anything is written. */
export function writeAs(name: string): void {
	program = name;
}

/** Returns when all of it has been taken. */
export function write(text: string): void {
	try {
		requireStream(1);
		writeAll(1, text);
	} catch (error) {
		endBy(error as NodeJS.ErrnoException);
	}
}

/**
 * Failure where it was closed when this program started (>&-): node then opens /dev/null in its place, to
 * read and write, and all that is written would be lost with success. A daemon's streams are such too,
 * but then both of them.
 */
export function requireStream(descriptor: 0 | 1): void {
	if (!isNull(descriptor) || isNull(descriptor === 0 ? 1 : 0)) return;
	throw new Failure(`standard ${descriptor === 0 ? 'input' : 'output'} is closed`);
}

/** Is it /dev/null, open to read and write? */
function isNull(descriptor: 0 | 1): boolean {
	if (fstatSync(descriptor).rdev !== nullDevice) return false;
	const facts = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
	const [, flags = '0'] = /^flags:\s*([0-7]+)$/m.exec(facts) ?? [];
	return (Number.parseInt(flags, 8) & (constants.O_WRONLY | constants.O_RDWR)) === constants.O_RDWR;
}

/** 1:3, as Documentation/admin-guide/devices.txt has it. */
const nullDevice = (1 << 8) | 3;

/** To standard error; where nobody takes it, so be it. */
export function tell(text: string): void {
	try {
		writeAll(2, text);
	} catch {
		// There is no third place to say so.
	}
}

/** For a program that hands a stream on to process.stdout: the same endings. */
export function watchStreams(): void {
	process.stdout.on('error', endBy);
	process.stderr.on('error', () => {});
}

export function isTerminal(descriptor: Descriptor): boolean {
	const {rdev} = fstatSync(descriptor);
	// 0: a file or pipe; 1:3 is /dev/null. Only then is it worth asking, which loads a stream.
	const isDevice = rdev !== 0 && rdev >> 8 !== 1;
	return isDevice && (descriptor === 1 ? process.stdout : process.stderr).isTTY === true;
}

function writeAll(descriptor: Descriptor, text: string): void {
	let rest = Buffer.from(text);
	while (rest.length > 0) {
		try {
			rest = rest.subarray(writeSync(descriptor, rest));
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
			// Somebody else made the pipe non-blocking, and its reader is slow: 1 ms.
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
		}
	}
}

function endBy(error: NodeJS.ErrnoException): void {
	if (error.code === 'EPIPE') dieOf('SIGPIPE');
	tell(`${program}: write error: ${reasonOf(error)}\n`);
	process.exit(ExitCode.trouble);
}

/** Ends the process by the signal's own action, so that the shell sees 128 + its number. */
export function dieOf(signal: NodeJS.Signals): void {
	process.removeAllListeners(signal);
	// Node ignores SIGPIPE from its start and gives no way back to the default action.
	if (signal === 'SIGPIPE') process.exit(141);
	process.kill(process.pid, signal);
}
