// SPDX-License-Identifier: MIT
// Standard output and error as coreutils treat them: a reader that went away ends the program as
// SIGPIPE would, a full disk is an error that is said and shown in the exit status. Straight to the
// descriptors: node's streams cost every start more than all else that it loads.

import {fstatSync, writeSync} from 'node:fs';
import {ExitCode} from './exit-code.ts';
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
		writeAll(1, text);
	} catch (error) {
		endBy(error as NodeJS.ErrnoException);
	}
}

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
