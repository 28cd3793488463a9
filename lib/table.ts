// SPDX-License-Identifier: MIT
// Columns side by side without borders, as lsblk prints them.

import {stripVTControlCharacters} from 'node:util';

export type TableOptions = {
	/** One space between the cells and none around them, for awk and read. */
	readonly isRaw: boolean;
	readonly rightAligned: readonly boolean[];
	/** Of the terminal: columns that do not fit stand below, indented. Infinity where there is none. */
	readonly width?: number | undefined;
};

export async function table(
	rows: readonly (readonly string[])[],
	{isRaw, rightAligned, width = Number.POSITIVE_INFINITY}: TableOptions,
): Promise<string> {
	if (rows.length === 0) return '';
	if (isRaw) return rows.map((row) => `${row.map(rawCell).join(' ')}\n`).join('');

	const {default: Table} = await import('cli-table3');
	const draw = (from: number, to: number): string[] => {
		const drawn = new Table({
			chars: borderless,
			style: {'padding-left': 0, 'padding-right': 0, head: [], border: []},
			colAligns: rightAligned.slice(from, to).map((isRight) => (isRight ? 'right' : 'left')),
		});
		drawn.push(...rows.map((row) => row.slice(from, to)));
		return drawn.toString().split('\n');
	};
	const count = rows[0]?.length ?? 0;
	let fitting = count;
	let lines = draw(0, count);
	while (fitting > 1 && lines.some((line) => lengthOf(line) > width)) lines = draw(0, --fitting);
	const below = fitting < count ? draw(fitting, count) : [];
	return lines
		.flatMap((line, index) => [line, ...below.slice(index, index + 1).map((it) => indent + it)])
		.map((line) => `${line.trimEnd()}\n`)
		.join('');
}

const indent = ' '.repeat(8);

function lengthOf(line: string): number {
	return stripVTControlCharacters(line).length;
}

const edges = ['top', 'bottom', 'left', 'right', 'mid'];
const ends = ['', '-mid', '-left', '-right'];

/** No borders at all, two spaces between the columns. */
const borderless = {
	...Object.fromEntries(edges.flatMap((edge) => ends.map((end) => [edge + end, '']))),
	middle: '  ',
};

// As lsblk -r: what would split a cell is written as \xNN.
function rawCell(cell: string): string {
	return cell.replace(/[\s\\]/g, (it) => `\\x${it.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
