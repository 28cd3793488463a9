// SPDX-License-Identifier: MIT
// What getopt_long does and oclif's parser does not: unique prefixes of long options, options
// whose value may be left out, and a clear no to a value given to an option that takes none.

import type {CommandClass} from './base-command.ts';
import {Failure} from './failure.ts';
import {flagsOf} from './help.ts';

export function normalise(words: readonly string[], Class: CommandClass): string[] {
	const end = words.indexOf('--');
	const options = end < 0 ? words : words.slice(0, end);
	const rest = end < 0 ? [] : words.slice(end);
	return [...options.map((word) => normaliseWord(word, Class)), ...rest];
}

function normaliseWord(word: string, Class: CommandClass): string {
	const match = /^--([a-z][\w-]*)(?:=(.*))?$/s.exec(word);
	if (match === null) return word;
	const [, given = '', value] = match;
	const name = wholeName(given, Class);
	const flag = flagsOf(Class)[name];
	if (value !== undefined && flag?.type === 'boolean') {
		throw new Failure(`--${name} takes no value`);
	}
	const {optionalValues} = Class;
	const left = value ?? (Object.hasOwn(optionalValues, name) ? optionalValues[name] : undefined);
	return left === undefined ? `--${name}` : `--${name}=${left}`;
}

function wholeName(given: string, Class: CommandClass): string {
	const names = Object.keys(flagsOf(Class));
	if (names.includes(given)) return given;
	const candidates = names.filter((name) => name.startsWith(given));
	if (candidates.length > 1) {
		const list = candidates.map((name) => `--${name}`).join(', ');
		throw new Failure(`--${given} is ambiguous: ${list}`);
	}
	return candidates[0] ?? given;
}
