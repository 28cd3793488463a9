// SPDX-License-Identifier: MIT
// The verdicts of all pairs on one page: a row for each client, a letter for each provider.

import type {Matrix} from './native.ts';

export type Verdicts = {
	readonly names: readonly string[];
	readonly matrix: Matrix;
};

const marks: Readonly<Record<string, string>> = {d: 'D', r: 'R', n: '-', '?': '?'};
const legend =
	'row: client, column: provider   D direct   R through the root complex   - no   ? cannot tell   . itself';

/** Rows and columns are numbered alike; the columns' numbers stand upright. */
export function* matrixLines({names, matrix}: Verdicts): Generator<string> {
	const digits = String(names.length).length;
	const width = Math.max(0, ...names.map((name) => name.length));
	const heads = Array.from({length: digits}, (_, digit) =>
		names.map((_, column) => String(column + 1).padStart(digits)[digit]).join(''),
	);
	const margin = ' '.repeat(digits + 1 + width + 2);
	for (const head of heads) yield `${margin}${head}\n`;
	for (const [row, name] of names.entries()) {
		const number = String(row + 1).padStart(digits);
		yield `${number} ${name.padEnd(width)}  ${rowOf(matrix, row, names.length)}\n`;
	}
	yield `\n${legend}\n`;
}

/** How many pairs have which word; a function and itself are no pair. */
export function countWords({names, matrix}: Verdicts): Record<'d' | 'r' | 'n' | '?', number> {
	const counts = {d: 0, r: 0, n: 0, '?': 0};
	for (const byte of matrix.words) counts[String.fromCharCode(byte) as keyof typeof counts]++;
	for (let i = 0; i < names.length; i++) {
		counts[letterAt(matrix, i * names.length + i) as keyof typeof counts]--;
	}
	return counts;
}

function rowOf({words}: Matrix, row: number, size: number): string {
	const letters = words.toString('latin1', row * size, (row + 1) * size);
	const marked = letters.replace(/[drn]/g, (letter) => marks[letter] ?? letter);
	return `${marked.slice(0, row)}.${marked.slice(row + 1)}`;
}

function letterAt({words}: Matrix, place: number): string {
	return String.fromCharCode(words[place] ?? 0);
}
