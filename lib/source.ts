// SPDX-License-Identifier: MIT
// Which machine is looked at: the running one, or one on paper (paper.ts, loaded only then).

import {Failure} from './failure.ts';
import {native, type Read, type Source} from './native.ts';
import type {PaperMachine} from './paper.ts';
import {readRunning} from './supply.ts';
import {removeTemporary} from './temporary.ts';

export type SourceOptions = {
	readonly sysroot: string;
	readonly from?: string | undefined;
	readonly kernel?: string | undefined;
	readonly cpu?: string | undefined;
};

export async function readSource(options: SourceOptions): Promise<Read> {
	return readAway(await sourceOf(options));
}

/** The same, but nothing that others have read: what a capture is made of. */
export async function readSelf({sysroot, from}: SourceOptions): Promise<Read> {
	return readAway(from === undefined ? {root: sysroot, whole: true} : await paper(from));
}

/** What was unpacked or drawn for it is gone then. */
async function readAway(source: Source): Promise<Read> {
	try {
		return await native.read(source);
	} finally {
		if ('root' in source) removeTemporary(source.root);
	}
}

async function paper(file: string): Promise<PaperMachine> {
	const {readPaper} = await import('./paper.ts');
	return readPaper(file);
}

async function sourceOf({sysroot, from, kernel, cpu}: SourceOptions): Promise<Source> {
	const place =
		from !== undefined ? await paper(from) : sysroot !== '' ? {root: sysroot} : await readRunning();
	return {
		...place,
		...(kernel === undefined ? {} : {kernel: releaseOf(kernel)}),
		...(cpu === undefined ? {} : {cpu: cpuOf(cpu)}),
	};
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
