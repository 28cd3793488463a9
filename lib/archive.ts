// SPDX-License-Identifier: MIT
// What people send machines in: gzip (also many members in a row, as bug reports have them),
// bzip2, xz and zstd around text or a tar of sysfs.

import {spawnSync} from 'node:child_process';
import {lstatSync, mkdtempSync, readdirSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, normalize} from 'node:path';
import {constants, gunzipSync} from 'node:zlib';
import {Failure} from './failure.ts';
import {keepForNow} from './temporary.ts';

/** Beyond this a file is no dump of a machine. */
export const largest = 1 << 30;

/** Takes off every layer of compression. name: for sentences. */
export function decompress(name: string, bytes: Buffer): Buffer {
	const packer = packers.find(({magic}) => magic.equals(bytes.subarray(0, magic.length)));
	if (packer === undefined) return bytes;
	return decompress(name, packer.unpack(name, bytes));
}

export function isTar(bytes: Buffer): boolean {
	return bytes.subarray(257, 262).toString('latin1') === 'ustar';
}

/** Unpacks a tar into a new folder that goes with this process; returns that folder. name: for sentences. */
export async function unpackTar(name: string, bytes: Buffer): Promise<string> {
	const folder = temporaryFolder();
	const {extract} = await import('tar');
	const stream = extract({cwd: folder, sync: true, preserveOwner: false, filter: isHarmless});
	try {
		stream.end(bytes);
	} catch (error) {
		throw new Failure(`${name} cannot be unpacked: ${(error as Error).message}`);
	}
	return folder;
}

/** The folder at or a little below this one that holds sys/bus/pci/devices. */
export function findRoot(folder: string, depth = 2): string | undefined {
	if (isFolder(join(folder, 'sys/bus/pci/devices'))) return folder;
	if (depth === 0) return undefined;
	const below = readdirSync(folder).map((name) => join(folder, name));
	return below
		.filter(isFolder)
		.map((it) => findRoot(it, depth - 1))
		.find(Boolean);
}

type Packer = {
	readonly magic: Buffer;
	readonly unpack: (name: string, bytes: Buffer) => Buffer;
};

const packers: readonly Packer[] = [
	{magic: Buffer.from('1f8b', 'hex'), unpack: gunzip},
	{magic: Buffer.from('BZh'), unpack: byProgram('bzip2')},
	{magic: Buffer.from('fd377a585a00', 'hex'), unpack: byProgram('xz')},
	{magic: Buffer.from('28b52ffd', 'hex'), unpack: byProgram('zstd')},
];

// A file that was cut short gives what it has: the reader of its text counts what is missing.
function gunzip(name: string, bytes: Buffer): Buffer {
	try {
		return gunzipSync(bytes, {
			finishFlush: constants.Z_SYNC_FLUSH,
			maxOutputLength: largest,
		});
	} catch (error) {
		throw new Failure(`${name} cannot be unpacked: ${(error as Error).message}`);
	}
}

function byProgram(program: string): Packer['unpack'] {
	return (name, input) => {
		const {error, status, stdout, stderr} = spawnSync(program, ['-dc'], {
			input,
			maxBuffer: largest,
		});
		if (error !== undefined && 'code' in error && error.code === 'ENOENT') {
			throw new Failure(`${name} needs ${program}, which is not installed`);
		}
		if (error !== undefined || status !== 0) {
			const why = error?.message ?? stderr.toString().trim().split('\n').at(-1);
			throw new Failure(`${name} cannot be unpacked: ${why}`);
		}
		return stdout;
	};
}

// Nothing but files, folders and links that stay inside: what is read later follows links.
function isHarmless(path: string, entry: unknown): boolean {
	const {type = '', linkpath = ''} = entry as {type?: string; linkpath?: string};
	if (type === 'SymbolicLink') {
		const target = normalize(join(dirname(path), linkpath));
		return !linkpath.startsWith('/') && !target.startsWith('..');
	}
	return ['File', 'OldFile', 'Directory'].includes(type);
}

function temporaryFolder(): string {
	return keepForNow(mkdtempSync(join(tmpdir(), 'p2p-from-')));
}

function isFolder(path: string): boolean {
	return lstatSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;
}
