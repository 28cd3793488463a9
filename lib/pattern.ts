// SPDX-License-Identifier: MIT
// --pattern: which seed, and that FROM was named for it, since it is overwritten.

import {parsePlace} from './endpoint.ts';
import {Failure} from './failure.ts';

type Words = {readonly pattern: string | undefined; readonly hasLength: boolean};
type Ends = {readonly from: string; readonly to: string};

/** The seed; null without --pattern. Failure with status 2 where the range was not named. */
export function patternSeed({pattern, hasLength}: Words, {from, to}: Ends): number | null {
	if (pattern === undefined) return null;
	if (isFile(from))
		throw new Failure('--pattern makes its own data: FROM is memory or a disk, no file or pipe');
	if (parsePlace(to).kind === 'stream')
		throw new Failure('--pattern compares what arrived: TO cannot be a pipe');
	if (!hasLength || !/\+[^+]+$/.test(from))
		throw new Failure(
			`--pattern overwrites FROM: name the range, ${from.replace(/\+.*/, '')}+OFF and --length`,
		);
	return pattern === 'random' ? randomSeed() : parseSeed(pattern);
}

function randomSeed(): number {
	const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
	return seed;
}

function isFile(from: string): boolean {
	const {kind} = parsePlace(from);
	return kind === 'file' || kind === 'stream';
}

function parseSeed(text: string): number {
	const seed = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
	if (seed < 2 ** 32) return seed;
	throw new Failure(`'${text}' is no seed; a seed is a number below 2^32`);
}
