// SPDX-License-Identifier: MIT
// stdout as coreutils treat it: a reader that went away ends the program as SIGPIPE would, a full
// disk is an error that is said and shown in the exit status.

import {ExitCode} from './exit-code.ts';

export function write(text: string): void {
	process.stdout.write(text);
}

/** The same for much: settles when the reader has taken what went before. */
export async function writeOut(text: string): Promise<void> {
	if (process.stdout.write(text)) return;
	await new Promise((resolve) => process.stdout.once('drain', resolve));
}

/** Arms the endings above; to be called once, before anything is written. */
export function finishWriting(program: string): void {
	// oclif has a listener of its own, which throws; this one must come before it.
	process.stdout.prependListener('error', (error: NodeJS.ErrnoException) => {
		if (error.code === 'EPIPE') dieOf('SIGPIPE');
		process.stderr.write(`${program}: write error: ${error.message}\n`);
		process.exit(ExitCode.trouble);
	});
	process.stderr.on('error', () => {});
}

/** Ends the process by the signal's own action, so that the shell sees 128 + its number. */
export function dieOf(signal: NodeJS.Signals): void {
	process.removeAllListeners(signal);
	// Node ignores SIGPIPE from its start and gives no way back to the default action.
	if (signal === 'SIGPIPE') process.exit(141);
	process.kill(process.pid, signal);
}
