// SPDX-License-Identifier: MIT
// Which machine is looked at: the running one, or one on paper. A file is taken for what it holds,
// whatever its name: a capture, a drawing, a sysfs tree, the text of lspci, packed or not.

import {readFileSync, statSync} from 'node:fs';
import {string} from '@oclif/core/flags';
import {decompress, findRoot, isTar, unpackTar} from './archive.ts';
import {parseCapture} from './capture.ts';
import {Failure} from './failure.ts';
import {native, type Read, type Source} from './native.ts';
import {readRunning} from './supply.ts';

/** Options of programs that only look. */
export const fromFlag = {
	from: string({
		helpValue: 'FILE',
		exclusive: ['sysroot'],
		description:
			'the machine of FILE: a capture, lspci text, a sysfs tree or its tar, a drawing; - is stdin',
	}),
};

/** What the user says of the machine in its place. */
export const assumptionFlags = {
	kernel: string({
		helpValue: 'RELEASE',
		description: 'judge as this kernel would: 6.12, 7.1.4-amd64',
	}),
	cpu: string({
		helpValue: 'CPU',
		description: 'judge as on this CPU: zen, intel, other, or vendor_id:family as in /proc/cpuinfo',
	}),
};

export type SourceOptions = {
	readonly sysroot: string;
	readonly from?: string | undefined;
	readonly kernel?: string | undefined;
	readonly cpu?: string | undefined;
};

export async function readSource(options: SourceOptions): Promise<Read> {
	return native.read(await sourceOf(options));
}

/** The same, but nothing that others have read: what a capture is made of. */
export async function readSelf({sysroot, from}: SourceOptions): Promise<Read> {
	return native.read(from === undefined ? {root: sysroot} : await readPaper(from));
}

async function sourceOf({sysroot, from, kernel, cpu}: SourceOptions): Promise<Source> {
	const place =
		from !== undefined
			? await readPaper(from)
			: sysroot !== ''
				? {root: sysroot}
				: await readRunning();
	return {
		...place,
		...(kernel === undefined ? {} : {kernel: releaseOf(kernel)}),
		...(cpu === undefined ? {} : {cpu: cpuOf(cpu)}),
	};
}

type Place = {root: string} | {text: Buffer; name: string} | {capture: unknown};

async function readPaper(file: string): Promise<Place> {
	if (file !== '-' && statOf(file).isDirectory()) return {root: rootOf(file, file)};
	const name = file === '-' ? 'standard input' : file;
	const bytes = decompress(name, readFileSync(file === '-' ? 0 : file));
	if (isTar(bytes)) return {root: rootOf(name, await unpackTar(name, bytes))};
	const start = bytes.subarray(0, 4096).toString('utf8').trimStart();
	if (start.startsWith('{')) return {capture: parseCapture(name, bytes.toString('utf8'))};
	if (isDrawing(start)) return {root: await draw(name, bytes.toString('utf8'))};
	return {text: bytes, name};
}

/** Failure where there is none. */
export function statOf(file: string) {
	try {
		return statSync(file);
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		throw new Failure(`${file}: ${code === 'ENOENT' ? 'no such file' : (error as Error).message}`);
	}
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
	const {rmSync} = await import('node:fs');
	try {
		const root = drawMachine(text);
		process.on('exit', () => rmSync(root, {recursive: true, force: true}));
		return root;
	} catch (error) {
		if (!(error instanceof DrawingError)) throw error;
		throw new Failure(`${name}: ${error.message}`);
	}
}

function releaseOf(text: string): string {
	if (/^\d+\.\d+/.test(text)) return text;
	throw new Failure(`'${text}' is no kernel release; releases are 6.12, 7.1.4-amd64`);
}

function cpuOf(text: string): {vendor: string; family: number} {
	const word = text.toLowerCase();
	const known = Object.hasOwn(cpus, word) ? cpus[word] : undefined;
	if (known !== undefined) return known;
	const [, vendor, family] = /^([A-Za-z]\w*):(\d+|0x[0-9a-f]+)$/i.exec(text) ?? [];
	if (vendor !== undefined && family !== undefined) return {vendor, family: Number(family)};
	throw new Failure(
		`'${text}' is no CPU; CPUs are zen, intel, other, or vendor_id:family as AuthenticAMD:25`,
	);
}

const cpus: Readonly<Record<string, {vendor: string; family: number}>> = {
	zen: {vendor: 'AuthenticAMD', family: 0x17},
	intel: {vendor: 'GenuineIntel', family: 6},
	other: {vendor: 'other', family: 0},
};

export const cpuNames: readonly string[] = Object.keys(cpus);
