// SPDX-License-Identifier: MIT
// --help, made from the same tables that the parser reads.

import type {CommandClass} from './base-command.ts';

export function helpText(Class: CommandClass, name: string): string {
	const operands = Object.entries(Class.args).map(([arg, {required}]) =>
		required ? arg.toUpperCase() : `[${arg.toUpperCase()}]`,
	);
	const usage =
		Class.operandsUsage ??
		[...operands, ...(Class.takesCommand ? ['[-- COMMAND…]'] : [])].join(' ');
	const lines = [
		'USAGE',
		`  ${name} [OPTIONS] ${usage}`.trimEnd(),
		'',
		...(Class.summary === undefined ? [] : [Class.summary, '']),
		...table('OPERANDS', operandRows(Class)),
		...table('OPTIONS', optionRows(Class)),
		...examples(Class, name),
	];
	return `${lines.join('\n')}\n`;
}

export function suiteHelp(names: readonly string[]): string {
	const rows = names.map((name) => `  p2p-${name}`);
	return `USAGE\n  p2p PROGRAM [ARGUMENTS]   the same as p2p-PROGRAM\n\nPROGRAMS\n${rows.join('\n')}\n`;
}

type Row = readonly [left: string, right: string];

function operandRows(Class: CommandClass): Row[] {
	return Object.entries(Class.args).map(([name, {description}]) => [
		name.toUpperCase(),
		description ?? '',
	]);
}

function optionRows(Class: CommandClass): Row[] {
	const flags = {...Class.flags, ...Class.baseFlags, ...Class.flags};
	const rows = Object.entries(flags)
		.filter(([, flag]) => !flag.hidden)
		.map(([name, flag]): Row => {
			const short = flag.char === undefined ? '    ' : `-${flag.char}, `;
			return [`${short}--${name}${valueText(name, flag, Class)}`, flag.description ?? ''];
		});
	return [...rows, ['-h, --help', 'show this text'], ['-V, --version', 'show the version']];
}

function valueText(name: string, flag: CommandClass['flags'][string], Class: CommandClass): string {
	if (flag.type !== 'option') return '';
	const word = flag.options?.join('|') ?? flag.helpValue ?? name.toUpperCase();
	return name in Class.optionalValues ? `[=${String(word)}]` : `=${String(word)}`;
}

function table(title: string, rows: readonly Row[]): string[] {
	if (rows.length === 0) return [];
	const width = Math.min(30, Math.max(...rows.map(([left]) => left.length)));
	const lines = rows.map(([left, right]) =>
		left.length > width
			? `  ${left}\n  ${''.padEnd(width)}  ${right}`
			: `  ${left.padEnd(width)}  ${right}`.trimEnd(),
	);
	return [title, ...lines, ''];
}

function examples(Class: CommandClass, name: string): string[] {
	const lines = Class.examples.map(
		(example) => `  ${String(example).replace('<%= program %>', name)}`,
	);
	return lines.length === 0 ? [] : ['EXAMPLES', ...lines];
}
