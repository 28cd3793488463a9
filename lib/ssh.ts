// SPDX-License-Identifier: MIT
// By which of this machine's addresses its user has come, where that was by SSH.

import {readFileSync} from 'node:fs';

/** '' where there is no SSH session, or none that may be seen. sudo hides it; its parents do not. */
export function sshAddress(): string {
	const own = serverOf(process.env.SSH_CONNECTION);
	return own === '' ? addressOfParents(process.ppid) : own;
}

function addressOfParents(pid: number): string {
	if (pid <= 1) return '';
	const words = read(`/proc/${pid}/environ`).split('\0');
	const found = words.find((word) => word.startsWith('SSH_CONNECTION='));
	const address = serverOf(found?.slice('SSH_CONNECTION='.length));
	return address === '' ? addressOfParents(parentOf(pid)) : address;
}

/** 'client port server port' */
function serverOf(connection = ''): string {
	return connection.split(' ')[2] ?? '';
}

function parentOf(pid: number): number {
	const [, parent = '0'] = /^PPid:\s*(\d+)$/m.exec(read(`/proc/${pid}/status`)) ?? [];
	return Number(parent);
}

function read(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}
