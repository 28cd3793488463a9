// SPDX-License-Identifier: MIT
// A copy in words, p2p-copy's options or the library's, as an order to the core.

import {parsePlace, parseVia} from './endpoint.ts';
import {Failure} from './failure.ts';
import type {CopyOrder, Mechanism, Pictures, Verify} from './native.ts';
import {patternSeed} from './pattern.ts';
import {type AllowWord, mechanismWords, permission, requireWords} from './permission.ts';
import {parseSize} from './units.ts';

/** As the options of p2p-copy(8) of these names; what is left out is as there. */
export type CopyWords = {
	/** Memory between two namespaces: NAME/barN, NAME/cmb, NAME/pmr, or NAME for the kernel's pool. */
	readonly via?: string | undefined;
	/** A DMA engine that carries from memory to memory. */
	readonly engine?: string | undefined;
	/** Through host memory; never peer-to-peer. */
	readonly staged?: boolean | undefined;
	/** Bytes of each load and store of the CPU; 0: as is best for memory. */
	readonly width?: 0 | 1 | 2 | 4 | 8 | undefined;
	/** Bytes, or a size as 64M; all of FROM if left out. */
	readonly length?: number | string | undefined;
	/** 'sample' if left out; 'full' where something was allowed against the verdict, or with a pattern. */
	readonly verify?: Verify | undefined;
	/** Overwrite FROM with data of our own first: a seed below 2^32, or 'random'. */
	readonly pattern?: number | string | undefined;
	/** Refuse what is not direct, or what is not reachable ('any'). */
	readonly require?: 'direct' | 'any' | undefined;
	/** Go beyond the check. */
	readonly allow?: readonly AllowWord[] | undefined;
	/** Of VFIO; the best that there is if left out. */
	readonly mechanism?: Mechanism | undefined;
	/** Write to a namespace that holds a file system or the like. */
	readonly overwriteSignature?: boolean | undefined;
	/** Of a capture card: so many frames; until a stop is asked for, or TO is full, if left out. */
	readonly frames?: number | undefined;
	/** Of its frames, a FOURCC as 'YUYV'; as it is set if left out. */
	readonly format?: string | undefined;
	/** Of its frames, in pixels, as '1920x1080'; as it is set if left out. */
	readonly frameSize?: string | undefined;
	/** NVMe queue pairs: 1 to 64, 2 if left out. */
	readonly queues?: number | undefined;
	/** Requests under way per queue: 1 to 1023, 64 if left out. */
	readonly depth?: number | undefined;
	/** Seconds for any one request; 30 if left out. */
	readonly timeout?: number | undefined;
};

export const copyDefaults = {verify: 'sample', queues: 2, depth: 64, timeout: 30} as const;
/** The words that each may be. */
export const copyChoices = {
	verify: ['full', 'sample', 'none'],
	require: requireWords,
	mechanism: mechanismWords,
	width: [1, 2, 4, 8],
} as const;
/** The least and the most of each. */
export const copyRanges = {queues: [1, 64], depth: [1, 1023], timeout: [1, 2 ** 31]} as const;

export const mostFrames = 2 ** 31 - 1;

/** Failure with status 2 for words that are none. */
export function copyOrder(from: string, to: string, words: CopyWords): CopyOrder {
	const {via, length} = words;
	const {queues = copyDefaults.queues, depth = copyDefaults.depth} = words;
	const {verify = copyDefaults.verify, timeout = copyDefaults.timeout} = words;
	requireIn({queues, depth, timeout});
	const allowed = permission(words.require ?? 'any', words.allow);
	const pattern = words.pattern === undefined ? undefined : `${words.pattern}`;
	return {
		from: parsePlace(from),
		to: parsePlace(to),
		via: via === undefined ? null : parseVia(via),
		engine: words.engine ?? '',
		staged: words.staged ?? false,
		width: words.width ?? 0,
		length: length === undefined ? null : parseSize(`${length}`),
		// What the user allows against the verdict has to be proved in full.
		verify: allowed.notSupported || allowed.unknown || pattern !== undefined ? 'full' : verify,
		pattern: patternSeed({pattern, hasLength: length !== undefined}, {from, to}),
		allowed,
		mechanism: words.mechanism ?? '',
		overwriteSignature: words.overwriteSignature ?? false,
		pictures: pictures(words),
		queues,
		depth,
		timeoutNs: timeout * 1e9,
	};
}

function pictures({frames = 0, format = '', frameSize}: CopyWords): Pictures {
	const [, width = 0, height = 0] = (
		frameSize === undefined ? [] : (/^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(frameSize) ?? [])
	).map(Number);
	if (frameSize !== undefined && width === 0)
		throw new Failure(`'${frameSize}' is no size of a frame; sizes are 1920x1080`);
	if (format !== '' && !/^[\x21-\x7e]{1,4}(-BE)?$/.test(format))
		throw new Failure(`'${format}' is no format; formats are FOURCCs of V4L2: YUYV, XR24`);
	if (!(Number.isInteger(frames) && frames >= 0 && frames <= mostFrames))
		throw new Failure(`frames is ${frames}; it is a whole number up to ${mostFrames}`);
	return {format, width, height, frames};
}

function requireIn(numbers: Readonly<Record<keyof typeof copyRanges, number>>): void {
	for (const [name, [least, most]] of Object.entries(copyRanges)) {
		const number = numbers[name as keyof typeof copyRanges];
		if (!(Number.isInteger(number) && number >= least && number <= most))
			throw new Failure(`${name} is ${number}; it is a whole number from ${least} to ${most}`);
	}
}
