// SPDX-License-Identifier: MIT
// Things that are costly to make are made once, kept, and never seen half-made.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, renameSync, rmSync} from 'node:fs';
import {homedir} from 'node:os';
import {dirname, join} from 'node:path';

export function cacheFolder(): string {
	const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
	return join(base, 'p2putils', 'lab');
}

/**
 * The path, made first if it is not there. `make` gets an empty folder beside it and returns what
 * in that folder is to become the path. Of several processes one makes it and the others wait.
 */
export async function cached(
	path: string,
	make: (folder: string) => Promise<string>,
): Promise<string> {
	if (existsSync(path)) return path;
	mkdirSync(dirname(path), {recursive: true});
	const unlock = await lock(join(cacheFolder(), 'lock'));
	try {
		if (!existsSync(path)) await makeWhole(path, make);
	} finally {
		unlock();
	}
	return path;
}

async function makeWhole(path: string, make: (folder: string) => Promise<string>) {
	const folder = mkdtempSync(join(dirname(path), '.making-'));
	try {
		renameSync(await make(folder), path);
	} finally {
		rmSync(folder, {recursive: true, force: true});
	}
}

/** flock(1) holds the lock as long as its input is open, so it ends with us, however we end. */
async function lock(file: string): Promise<() => void> {
	const holder = spawn('flock', [file, 'sh', '-c', 'echo; exec cat'], {
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
	return () => holder.stdin.end();
}
