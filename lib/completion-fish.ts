// SPDX-License-Identifier: MIT
// For completions/p2p.fish: a `complete` line for each option.

import type {Named} from './base-command.ts';
import type {Option, Program, Value} from './completion.ts';

export function fishTables(programs: readonly Program[]): string {
	const umbrella = programs.map(
		({id, summary}) =>
			`complete -c p2p -n 'test (count (commandline -opc)) -eq 1' -a ${id} -d ${fishQuote(summary)}`,
	);
	return [
		'complete -c p2p -f',
		...umbrella,
		"complete -c p2p -n 'test (count (commandline -opc)) -gt 1' -a '(__p2p_umbrella)'",
		...programs.flatMap(linesOf),
	].join('\n');
}

/** A word of fish's: in single quotes only \ and ' are special. */
export function fishQuote(text: string): string {
	return `'${fishEscape(text)}'`;
}

export function fishEscape(text: string): string {
	return text.replaceAll(/[\\']/g, '\\$&');
}

function linesOf({id, options, operands, takesCommand}: Program): string[] {
	const start = `complete -c p2p-${id}`;
	const own = takesCommand ? " -n 'not __p2p_is_command'" : '';
	const kinds = [...new Set(operands)];
	const takesFiles = kinds.includes('places');
	return [
		...(takesFiles ? [] : [`${start} -f`]),
		...options.map((option) => `${start}${own} ${optionText(option)}`),
		...kinds.map((kind) => `${start}${own} -a '${finder(kind)}'`),
		...(takesCommand ? [`${start} -n __p2p_is_command -a '(__p2p_command)'`] : []),
	];
}

function optionText({long, short, value, isOptional, description}: Option): string {
	const names = `-l ${long}${short === undefined ? '' : ` -s ${short}`}`;
	return `${names}${valueText(value, isOptional)} -d ${fishQuote(description)}`;
}

function valueText(value: Value | undefined, isOptional: boolean): string {
	if (value === undefined) return '';
	const {kind, words = []} = value;
	const need = isOptional ? ' -f' : ' -x';
	switch (kind) {
		case 'words':
			return `${need} -a '${words.join(' ')}'`;
		case 'list':
			return `${need} -a '(__p2p_list ${words.join(' ')})'`;
		case 'machines':
			return ` -r -F -a '${words.join(' ')}'`;
		case 'files':
			return isOptional ? ' -F' : ' -r -F';
		case 'folders':
			return `${need} -a '(__fish_complete_directories)'`;
		case 'text':
			return need;
		default:
			return `${need} -a '${finder(kind)}'`;
	}
}

function finder(kind: Named): string {
	return `(__p2p_find ${kind === 'places' ? 'endpoints' : kind})`;
}
