// SPDX-License-Identifier: MIT
// Programs of the host that the lab uses, and the sentence where one is missing.

import {type SpawnOptions, spawn} from 'node:child_process';
import {once} from 'node:events';
import {accessSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';

/** The lab cannot start; one sentence. */
export class LabError extends Error {
	readonly hints: readonly string[];

	constructor(message: string, hints: readonly string[] = []) {
		super(message);
		this.name = 'LabError';
		this.hints = hints;
	}
}

/** The program's path, also where PATH leaves out the sbin folders. */
export function findTool(name: string, debianPackage: string): string {
	const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
	const found = folders.map((folder) => join(folder, name)).find(isExecutable);
	if (found) return found;
	throw new LabError(`${name} is not installed`, [`apt-get install ${debianPackage}`]);
}

/** What the program prints; its failure is a LabError with its last words. */
export async function output(tool: string, args: readonly string[], cwd?: string): Promise<Buffer> {
	const options: SpawnOptions = {stdio: ['ignore', 'pipe', 'pipe'], ...(cwd ? {cwd} : {})};
	const child = spawn(tool, args, options);
	const out: Buffer[] = [];
	const err: Buffer[] = [];
	child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
	child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
	const [status] = await once(child, 'close');
	if (status === 0) return Buffer.concat(out);
	const last = Buffer.concat(err).toString().trim().split('\n').at(-1);
	throw new LabError(`${tool} failed: ${last || `status ${status}`}`);
}

function isExecutable(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
