// SPDX-License-Identifier: MIT
// What can be completed: programs, options and their values, out of the tables of the parser.

import {acsBits} from './acs-bits.ts';
import type {CommandClass, Named} from './base-command.ts';
import {columns} from './columns.ts';
import {flagsOf} from './help.ts';
import {allowWords} from './permission.ts';
import {cpuNames} from './source.ts';

/** One of some words, a list of them with commas, a machine of the lab or a drawing; or a name. */
export type Value =
	| {readonly kind: 'words' | 'list' | 'machines'; readonly words: readonly string[]}
	| {readonly kind: Named; readonly words?: undefined};

export type Option = {
	readonly long: string;
	readonly short: string | undefined;
	readonly description: string;
	/** undefined where it takes none. */
	readonly value: Value | undefined;
	/** How --help calls the value. */
	readonly word: string;
	readonly isOptional: boolean;
	readonly isMultiple: boolean;
};

export type Program = {
	readonly id: string;
	readonly summary: string;
	readonly options: readonly Option[];
	/** Of each operand; the last stands for all that follow. */
	readonly operands: readonly Named[];
	readonly takesCommand: boolean;
};

export function programOf(id: string, Class: CommandClass, machines: readonly string[]): Program {
	const {summary = '', operandKinds: operands, takesCommand} = Class;
	const shown = Object.entries(flagsOf(Class)).filter(([, flag]) => !flag.hidden);
	const options = shown.map(([long, flag]) => optionOf(long, flag, long in Class.optionalValues));
	return {
		id,
		summary: shortened(summary),
		options: [...options.map((option) => withMachines(option, machines)), ...common],
		operands,
		takesCommand,
	};
}

/** The value that an option of this name in --help takes. */
export const valuesByName: Readonly<Record<string, Value>> = {
	BITS: {kind: 'list', words: acsBits},
	COLUMNS: {kind: 'list', words: Object.keys(columns)},
	CPU: {kind: 'words', words: cpuNames},
	DIR: {kind: 'folders'},
	DRIVER: {kind: 'words', words: ['vfio-pci', 'none']},
	FILE: {kind: 'files'},
	FUNCTION: {kind: 'functions'},
	'LABEL=FILE[,snapshot]': {kind: 'text'},
	FOURCC: {kind: 'text'},
	MODEL: {kind: 'text'},
	MS: {kind: 'text'},
	N: {kind: 'text'},
	'N,…': {kind: 'text'},
	'NAME[/barN|/cmb|/pmr]': {kind: 'endpoints'},
	'NAME|FILE': {kind: 'machines', words: []},
	ADDRESS: {kind: 'text'},
	NQN: {kind: 'text'},
	PORT: {kind: 'text'},
	PROVIDER: {kind: 'functions'},
	PATTERN: {kind: 'text'},
	RELEASE: {kind: 'text'},
	SECONDS: {kind: 'text'},
	SEED: {kind: 'text'},
	SIZE: {kind: 'text'},
	'SIZE,…': {kind: 'text'},
	TEXT: {kind: 'text'},
	WIDTHxHEIGHT: {kind: 'text'},
	WORD: {kind: 'list', words: allowWords},
};

function optionOf(long: string, flag: CommandClass['flags'][string], isOptional: boolean): Option {
	const isOption = flag.type === 'option';
	const word = isOption ? (flag.options?.join('|') ?? String(flag.helpValue)) : '';
	const value: Value | undefined =
		isOption && flag.options ? {kind: 'words', words: flag.options} : valuesByName[word];
	return {
		long,
		short: flag.char,
		description: shortened(flag.description ?? ''),
		value: isOption ? value : undefined,
		word,
		isOptional,
		isMultiple: isOption && flag.multiple === true,
	};
}

function withMachines(option: Option, machines: readonly string[]): Option {
	return option.value?.kind === 'machines'
		? {...option, value: {kind: 'machines', words: machines}}
		: option;
}

/** What fits beside a name. */
function shortened(text: string): string {
	const [first = ''] = text.replace(/\.$/, '').split(/[;:]/);
	return first.length > 3 ? first : text;
}

const common: readonly Option[] = [
	{long: 'help', short: 'h', description: 'show a short text'},
	{long: 'version', short: 'V', description: 'show the version'},
].map((it) => ({...it, value: undefined, word: '', isOptional: false, isMultiple: false}));
