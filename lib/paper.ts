// SPDX-License-Identifier: MIT
// A machine on paper. A file is taken for what it holds, whatever its name: a capture, a drawing, a
// sysfs tree, the text of lspci, packed or not.

import {closeSync, openSync, readSync} from 'node:fs';
import {decompress, findRoot, isTar, largest, unpackTar} from './archive.ts';
import {parseCapture} from './capture.ts';
import {Failure} from './failure.ts';
import {statOf} from './file.ts';
import {keepForNow} from './temporary.ts';

export type PaperMachine = {root: string} | {text: Buffer; name: string} | {capture: unknown};

export async function readPaper(file: string): Promise<PaperMachine> {
	if (file !== '-' && statOf(file).isDirectory()) return {root: rootOf(file, file)};
	const name = file === '-' ? 'standard input' : file;
	const bytes = decompress(name, readWhole(name, file));
	if (isTar(bytes)) return {root: rootOf(name, await unpackTar(name, bytes))};
	const start = bytes.subarray(0, 4096).toString('utf8').trimStart();
	if (start.startsWith('{')) return {capture: parseCapture(name, bytes.toString('utf8'))};
	if (isDrawing(start)) return {root: await draw(name, bytes.toString('utf8'))};
	return {text: bytes, name};
}

function readWhole(name: string, file: string): Buffer {
	const descriptor = file === '-' ? 0 : openSync(file, 'r');
	const part = Buffer.allocUnsafe(1 << 20);
	const parts: Buffer[] = [];
	try {
		for (let size = 0; size <= largest; ) {
			const count = readSync(descriptor, part);
			if (count === 0) return Buffer.concat(parts);
			parts.push(Buffer.from(part.subarray(0, count)));
			size += count;
		}
	} finally {
		if (descriptor !== 0) closeSync(descriptor);
	}
	throw new Failure(`${name} is longer than any machine on paper (1 GiB)`);
}

function rootOf(name: string, folder: string): string {
	const root = findRoot(folder);
	if (root !== undefined) return root;
	throw new Failure(`${name} holds no machine: sys/bus/pci/devices is missing`);
}

/** Its first line that says something starts with a kind, perhaps behind a label. */
function isDrawing(text: string): boolean {
	const first = text.split('\n').find((line) => !/^\s*(#|$)/.test(line)) ?? '';
	return /^\s*([A-Za-z_]\w*:\s+)?(machine|root-port|host-bridge|bridge|nvme|ram|display|edu|lsi|nic|function)(\s|$)/.test(
		first,
	);
}

async function draw(name: string, text: string): Promise<string> {
	const {drawMachine} = await import('../lab/sysfs.ts');
	const {DrawingError} = await import('../lab/drawing.ts');
	try {
		return keepForNow(drawMachine(text));
	} catch (error) {
		if (!(error instanceof DrawingError)) throw error;
		throw new Failure(`${name}: ${error.message}`);
	}
}
