// SPDX-License-Identifier: MIT
// What callers of the library hand over. Nobody may have checked its types, and a word that is
// misspelt must not be one that was left out: a copy would go where it was not to go.

import {type CopyWords, copyChoices} from './copy-order.ts';
import {Failure} from './failure.ts';
import {allowWords} from './permission.ts';

type Kind = {readonly wants: string; readonly is: (value: unknown) => boolean};

const text: Kind = {wants: 'a text', is: (value) => typeof value === 'string'};
const yesNo: Kind = {wants: 'true or false', is: (value) => typeof value === 'boolean'};
const number: Kind = {wants: 'a number', is: (value) => typeof value === 'number'};
const textOrNumber: Kind = {
	wants: 'a text or a number',
	is: (value) => text.is(value) || number.is(value),
};

function oneOf(words: readonly unknown[]): Kind {
	return {wants: `one of ${words.join(', ')}`, is: (value) => words.includes(value)};
}

function listOf(wants: string, is: Kind['is']): Kind {
	return {wants, is: (value) => Array.isArray(value) && value.every(is)};
}

const from = text;
const options = {
	list: {from, all: yesNo},
	check: {from, kernel: text, cpu: text},
	copy: {
		via: text,
		engine: text,
		staged: yesNo,
		width: oneOf([0, ...copyChoices.width]),
		length: textOrNumber,
		verify: oneOf(copyChoices.verify),
		pattern: textOrNumber,
		require: oneOf(copyChoices.require),
		allow: listOf(`a list of ${allowWords.join(', ')}`, oneOf(allowWords).is),
		mechanism: oneOf(copyChoices.mechanism),
		overwriteSignature: yesNo,
		frames: number,
		format: text,
		frameSize: text,
		queues: number,
		depth: number,
		timeout: number,
		signal: {wants: 'an AbortSignal', is: (value) => value instanceof AbortSignal},
		onProgress: {wants: 'a function', is: (value) => typeof value === 'function'},
	} satisfies Record<keyof CopyWords | 'onProgress' | 'signal', Kind>,
} as const;

/** Failure where an option of that function is none, or not what it wants. undefined is left out. */
export function requireOptions(work: keyof typeof options, given: unknown): void {
	if (typeof given !== 'object' || given === null)
		throw new Failure(`${work}: options are an object`);
	const kinds: Readonly<Record<string, Kind>> = options[work];
	for (const [name, value] of Object.entries(given)) {
		const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
		if (kind === undefined)
			throw new Failure(`there is no option '${name}'; there are ${Object.keys(kinds).join(', ')}`);
		if (value !== undefined) require(name, kind, value);
	}
}

export function requireText(name: string, value: unknown): void {
	require(name, text, value);
}

export function requireTexts(name: string, value: unknown): void {
	require(name, listOf('a list of texts', text.is), value);
}

function require(name: string, {wants, is}: Kind, value: unknown): void {
	if (!is(value)) throw new Failure(`${name} is ${shown(value)}; it is ${wants}`);
}

function shown(value: unknown): string {
	return typeof value === 'string' ? `'${value}'` : String(value);
}
