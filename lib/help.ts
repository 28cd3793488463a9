// SPDX-License-Identifier: MIT
// --help, made from the same tables that the parser reads.

import type {CommandClass} from './base-command.ts';

export type Row = readonly [left: string, right: string];

export function helpText(Class: CommandClass, name: string): string {
	const lines = [
		'USAGE',
		`  ${name} [OPTIONS] ${usageOf(Class)}`.trimEnd(),
		'',
		...(Class.summary === undefined ? [] : [Class.summary, '']),
		...table('OPERANDS', operandRows(Class)),
		...table('OPTIONS', optionRows(Class)),
		...examples(Class, name),
	];
	return `${lines.join('\n')}\n`;
}

export function suiteHelp(programs: readonly Row[]): string {
	const lines = [
		'USAGE',
		'  p2p PROGRAM [ARGUMENTS]   the same as p2p-PROGRAM',
		'',
		...table('PROGRAMS', programs),
		'p2p PROGRAM --help says more; man 7 p2p has the words, endpoints and exit statuses.',
	];
	return `${lines.join('\n')}\n`;
}

/** '-a, --all', '--from=FILE', '--svg[=FILE]', and what each is. */
export function optionRows(Class: CommandClass): Row[] {
	const rows = Object.entries(flagsOf(Class))
		.filter(([, flag]) => !flag.hidden)
		.map(([name, flag]): Row => {
			const short = flag.char === undefined ? '    ' : `-${flag.char}, `;
			const left = `${short}--${name}${valueText(name, flag, Class)}`;
			return [left, `${flag.description ?? ''}${defaultText(name, flag, Class)}`];
		});
	return [
		...rows,
		['-h, --help', 'show this text'],
		['-V, --version', 'show the version; with -v what the kernel has too'],
	];
}

/** Those of the program first, then those that all have. */
export function flagsOf(Class: CommandClass): CommandClass['flags'] {
	return {...Class.flags, ...Class.baseFlags, ...Class.flags};
}

function usageOf(Class: CommandClass): string {
	if (Class.operandsUsage !== undefined) return Class.operandsUsage;
	const operands = Object.entries(Class.args).map(([arg, {required}]) =>
		required ? arg.toUpperCase() : `[${arg.toUpperCase()}]`,
	);
	return [...operands, ...(Class.takesCommand ? ['[-- COMMAND…]'] : [])].join(' ');
}

function operandRows(Class: CommandClass): Row[] {
	return Object.entries(Class.args).map(([name, {description}]) => [
		name.toUpperCase(),
		description ?? '',
	]);
}

type Flag = CommandClass['flags'][string];

function valueText(name: string, flag: Flag, Class: CommandClass): string {
	if (flag.type !== 'option') return '';
	const word = flag.options?.join('|') ?? flag.helpValue ?? name.toUpperCase();
	return name in Class.optionalValues ? `[=${String(word)}]` : `=${String(word)}`;
}

// A choice of words says by itself which of them is the default.
function defaultText(name: string, flag: Flag, Class: CommandClass): string {
	if (flag.type !== 'option' || name in Class.optionalValues) return '';
	const {default: value, options} = flag;
	const isShown = ['string', 'number'].includes(typeof value) && value !== '';
	return isShown && !options ? ` (${String(value)})` : '';
}

const widest = 33;
const lineLength = 100;

function table(title: string, rows: readonly Row[]): string[] {
	if (rows.length === 0) return [];
	const width = Math.min(widest, Math.max(...rows.map(([left]) => left.length)));
	return [title, ...rows.flatMap((row) => rowLines(row, width)), ''];
}

function rowLines([left, right]: Row, width: number): string[] {
	const [first = '', ...more] = wrap(right, lineLength - width - 4);
	const margin = ''.padEnd(width + 4);
	const begin =
		left.length > width ? [`  ${left}`, margin + first] : [`  ${left.padEnd(width)}  ${first}`];
	return [...begin, ...more.map((line) => margin + line)].map((line) => line.trimEnd());
}

function wrap(text: string, width: number): string[] {
	const lines = [''];
	for (const word of text.split(' ')) {
		const longer = `${lines.at(-1)} ${word}`.trimStart();
		if (longer.length <= width) lines[lines.length - 1] = longer;
		else lines.push(word);
	}
	return lines;
}

function examples(Class: CommandClass, name: string): string[] {
	const lines = Class.examples.map(
		(example) => `  ${String(example).replace('<%= program %>', name)}`,
	);
	return lines.length === 0 ? [] : ['EXAMPLES', ...lines];
}
