// SPDX-License-Identifier: MIT
// Sizes, rates and links, in and out: sizes as coreutils reads and writes them.

import {Failure} from './failure.ts';

/** Bytes of `4096`, `4K`, `1M`, `1MiB` (powers of 1024), `1MB` (powers of 1000), `0x1000`. */
export function parseSize(text: string): number {
	const bytes = /^0x[0-9a-f]+$/i.test(text) ? Number(text) : parseDecimal(text);
	if (bytes === undefined) {
		throw new Failure(`'${text}' is not a size; sizes are 4096, 4K, 1M, 1MiB, 1MB, 0x1000`);
	}
	if (!Number.isSafeInteger(bytes)) throw new Failure(`'${text}' is too large a size`);
	return bytes;
}

/** '64 MiB', '1.5 GiB', '513 bytes': exact where it is written as a whole number. */
export function bytes(count: number): string {
	const [number, unit] = scale(count);
	return unit === '' ? `${number} ${count === 1 ? 'byte' : 'bytes'}` : `${number} ${unit}iB`;
}

/** '64M', '1.5G', '513': for tables, as lsblk does it. */
export function shortSize(count: number): string {
	return scale(count).join('');
}

/** '1.2 GB/s', powers of 1000 as dd and the makers of links count. */
export function rate(bytesPerSecond: number): string {
	const step = Math.min(Math.floor(Math.log10(Math.max(bytesPerSecond, 1)) / 3), units.length - 1);
	const number = bytesPerSecond / 1000 ** step;
	const unit = step === 1 ? 'k' : units[step];
	return `${number.toFixed(step === 0 || number >= 100 ? 0 : 1)} ${unit}B/s`;
}

/** '16GT/s×4'; undefined where there is no link or it is not known. */
export function linkText(link: {
	readonly speedGTs: number | null;
	readonly width: number | null;
}): string | undefined {
	return link.speedGTs === null ? undefined : `${link.speedGTs}GT/s×${link.width}`;
}

const units = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

function parseDecimal(text: string): number | undefined {
	const [, digits, unit = '', suffix = ''] = /^(\d+)([KMGTPE]?)(iB|B)?$/i.exec(text) ?? [];
	if (digits === undefined || (unit === '' && suffix !== '')) return undefined;
	const base = suffix.toUpperCase() === 'B' ? 1000 : 1024;
	return Number(digits) * base ** units.indexOf(unit.toUpperCase());
}

function scale(count: number): [number: string, unit: string] {
	let number = count;
	let step = 0;
	for (; number >= 1024 && step < units.length - 1; step++) number /= 1024;
	return [Number.isInteger(number) ? `${number}` : number.toFixed(1), units[step] ?? ''];
}
