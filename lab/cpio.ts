// SPDX-License-Identifier: MIT
// An archive in the form that the kernel unpacks at boot (cpio "newc").

export type Entry = {readonly path: string; readonly mode: number; readonly data: Buffer};

export function packCpio(entries: readonly Entry[]): Buffer {
	const end = {path: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0)};
	return Buffer.concat([...entries, end].flatMap(packEntry));
}

const regularFile = 0o100000;

function packEntry({path, mode, data}: Entry, index: number): Buffer[] {
	const type = mode === 0 || mode > 0o7777 ? 0 : regularFile;
	// ino, mode, uid, gid, nlink, mtime, size, device, rdevice (two words each), name length, check
	const fields = [index + 1, mode | type, 0, 0, 1, 0, data.length, 0, 0, 0, 0, path.length + 1, 0];
	const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
	return [pad(Buffer.from(`${header}${path}\0`)), pad(data)];
}

function pad(data: Buffer): Buffer {
	return Buffer.concat([data, Buffer.alloc(-data.length & 3)]);
}
