// SPDX-License-Identifier: MIT
// Columns side by side without borders, as lsblk prints them.

export type TableOptions = {
	/** One space between the cells and none around them, for awk and read. */
	readonly isRaw: boolean;
	readonly rightAligned: readonly boolean[];
};

export async function table(
	rows: readonly (readonly string[])[],
	{isRaw, rightAligned}: TableOptions,
): Promise<string> {
	if (rows.length === 0) return '';
	if (isRaw) return rows.map((row) => `${row.map(rawCell).join(' ')}\n`).join('');

	const {default: Table} = await import('cli-table3');
	const drawn = new Table({
		chars: borderless,
		style: {'padding-left': 0, 'padding-right': 0, head: [], border: []},
		colAligns: rightAligned.map((isRight) => (isRight ? 'right' : 'left')),
	});
	drawn.push(...rows.map((row) => [...row]));
	const lines = drawn.toString().split('\n');
	return lines.map((line) => `${line.trimEnd()}\n`).join('');
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
