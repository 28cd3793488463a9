// SPDX-License-Identifier: MIT
// Runs one command in a guest with this program's own input, output and terminal.

import type {Guest, GuestCommand} from './boot.ts';

/** The command's status, as the guest has it. */
export async function runAttached(guest: Guest, command: GuestCommand): Promise<number> {
	const {status} = await guest.run(command, {
		stdin: process.stdin,
		onStdout: (data) => process.stdout.write(data),
		onStderr: (data) => process.stderr.write(data),
	});
	process.stdin.destroy();
	return status;
}

/** A shell on the guest's terminal, until the user leaves it. */
export async function runShell(guest: Guest): Promise<number> {
	const resize = () => guest.resize(process.stdout.rows, process.stdout.columns);
	const {stdin, stdout} = process;
	guest.terminal.on('data', (data: Buffer) => stdout.write(data));
	stdin.setRawMode(true).pipe(guest.terminal, {end: false});
	stdout.on('resize', resize);
	const size = `stty rows ${stdout.rows} cols ${stdout.columns}`;
	try {
		return await guest.runOnTerminal(`${size}; exec "$(command -v bash || command -v sh)" -i`);
	} finally {
		stdout.off('resize', resize);
		stdin.setRawMode(false).destroy();
	}
}
