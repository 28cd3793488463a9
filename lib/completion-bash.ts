// SPDX-License-Identifier: MIT
// The tables that completions/p2p.bash looks things up in.

import type {Option, Program, Value} from './completion.ts';

export function bashTables(programs: readonly Program[]): string {
	const all = programs.flatMap(({id, options}) => options.map((option) => ({id, option})));
	const valued = all.filter(({option}) => option.value !== undefined);
	return [
		table(
			'_p2p_options',
			programs.map(({id, options}) => [id, options.flatMap(typed).join(' ')]),
		),
		table(
			'_p2p_operands',
			programs.map(({id, operands}) => [id, operands.join(' ')]),
		),
		table(
			'_p2p_values',
			valued.flatMap(({id, option}) => keys(id, option, valueText(option.value))),
		),
		table(
			'_p2p_optional',
			valued
				.filter(({option}) => option.isOptional)
				.flatMap(({id, option}) => keys(id, option, '1')),
		),
		`complete -F _p2p p2p ${programs.map(({id}) => `p2p-${id}`).join(' ')}`,
	].join('\n');
}

type Entry = readonly [key: string, text: string];

function table(name: string, entries: readonly Entry[]): string {
	const lines = entries.map(([key, text]) => `\t['${key}']='${text}'`);
	return [`declare -gA ${name}=(`, ...lines, ')'].join('\n');
}

/** As it is offered: what wants a value ends with =. */
function typed({long, short, value, isOptional}: Option): string[] {
	const forms = [
		...(value === undefined || isOptional ? [`--${long}`] : []),
		...(value === undefined ? [] : [`--${long}=`]),
	];
	return short === undefined ? forms : [...forms, `-${short}`];
}

function keys(id: string, {long, short}: Option, text: string): Entry[] {
	const names = [`--${long}`, ...(short === undefined ? [] : [`-${short}`])];
	return names.map((name) => [`${id} ${name}`, text]);
}

function valueText(value: Value | undefined): string {
	return [value?.kind ?? '', ...(value?.words ?? [])].join(' ');
}
