// SPDX-License-Identifier: MIT
// For completions/p2p.zsh: the specifications that _arguments of zsh reads.

import type {Named} from './base-command.ts';
import type {Option, Program, Value} from './completion.ts';

export function zshTables(programs: readonly Program[]): string {
	const described = programs.map(({id, summary}) => `\t\t${quote(`${id}:${summary}`)}`);
	return [
		'_p2p_programs() {',
		'\tlocal -a programs=(',
		...described,
		'\t)',
		'\t_describe -t programs program programs',
		'}',
		'',
		'_p2p_options() {',
		'\tcase $1 in',
		...programs.flatMap(caseOf),
		'\tesac',
		'}',
	].join('\n');
}

function caseOf({id, options, operands}: Program): string[] {
	const specs = [...options.flatMap(optionSpecs), ...operands.map(operandSpec)];
	const lines = specs.map((spec) => `\t\t\t${spec}`);
	return [`\t${id})`, `\t\t_arguments -s -S \\`, lines.join(' \\\n'), '\t\t;;'];
}

function optionSpecs(option: Option): string[] {
	const {long, short, isMultiple, value} = option;
	const end = quote(`[${escaped(option.description)}]${valueSpec(option)}`);
	const name = `--${long}${value === undefined ? '' : option.isOptional ? '=-' : '='}`;
	const repeat = isMultiple ? "'*'" : '';
	if (short === undefined) return [`${repeat}${name}${end}`];
	const alone = `'(-${short} --${long})'`;
	return [`${alone}-${short}${value === undefined ? '' : '+'}${end}`, `${alone}${name}${end}`];
}

function valueSpec({value, word, isOptional}: Option): string {
	if (value === undefined) return '';
	return `${isOptional ? '::' : ':'}${escaped(word)}:${action(value)}`;
}

function operandSpec(kind: Named, index: number, all: readonly Named[]): string {
	const place = index === all.length - 1 ? '*' : `${index + 1}`;
	return quote(`${place}:${names[kind] ?? kind}:${action({kind})}`);
}

const names: Readonly<Partial<Record<Named, string>>> = {
	functions: 'function',
	ports: 'port',
	endpoints: 'endpoint',
	places: 'endpoint or file',
};

// A blank in front keeps _arguments from adding words of its own.
function action({kind, words = []}: Value): string {
	switch (kind) {
		case 'words':
			return `(${words.join(' ')})`;
		case 'list':
			return ` _values -s , word ${words.join(' ')}`;
		case 'machines':
			return ` _p2p_machines ${words.join(' ')}`;
		case 'files':
			return '_files';
		case 'folders':
			return '_files -/';
		case 'text':
			return ' ';
		default:
			return ` _p2p_offer ${kind}`;
	}
}

function escaped(text: string): string {
	return text.replaceAll(/[[\]:\\]/g, '\\$&');
}

function quote(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}
