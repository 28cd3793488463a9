// SPDX-License-Identifier: MIT
// Runs `-- COMMAND` as env(1) and timeout(1) would: its descriptors, its exit status, 126 and 127
// where it cannot be run.

import {spawn} from 'node:child_process';
import {constants} from 'node:os';
import {ExitCode} from './exit-code.ts';
import {reasonOf} from './file.ts';
import {tell} from './output.ts';

/** program: for sentences. fds become descriptors 3, 4, … of COMMAND. Resolves to the status a shell would show. */
export function runCommand(
	program: string,
	command: readonly string[],
	facts: Readonly<Record<string, string>>,
	fds: readonly number[],
): Promise<number> {
	const [file = '', ...words] = command;
	// The terminal sends Ctrl-C to COMMAND as well; it decides, we clean up behind it.
	const wait = () => {};
	for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, wait);
	const child = spawn(file, words, {
		stdio: ['inherit', 'inherit', 'inherit', ...fds],
		env: {...process.env, ...facts},
	});
	for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));

	return new Promise((resolve) => {
		child.on('error', (error: NodeJS.ErrnoException) => {
			tell(
				`${program}: ${file}: ${error.code === 'ENOENT' ? 'command not found' : reasonOf(error)}\n`,
			);
			resolve(error.code === 'ENOENT' ? ExitCode.notFound : ExitCode.notExecutable);
		});
		child.on('exit', (code, signal) => {
			resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
		});
	});
}
