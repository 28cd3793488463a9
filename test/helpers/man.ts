// SPDX-License-Identifier: MIT
// What a page of man/ says, as plain values: its options, exit statuses and examples.

import {readFileSync} from 'node:fs';

export function read(page: string): string {
	return readFileSync(`man/${page}`, 'utf8');
}

/** '-a, --all', '--svg[=FILE]': as --help writes them, in the page's order. */
export function optionsOf(page: string): string[] {
	return matches(page, /^\.It (Fl .*)$/gm).map(plain);
}

export function statusesOf(page: string): number[] {
	return matches(page, /^\.It (\d+)$/gm).map(Number);
}

/** The lines of the literal blocks below EXAMPLES. */
export function examplesOf(page: string): string[] {
	const [, examples = ''] = /^\.Sh EXAMPLES\n(.*?)^\.Sh /ms.exec(read(page)) ?? [];
	const blocks = [...examples.matchAll(/^\.Bd -literal.*?\n(.*?)^\.Ed/gms)];
	return blocks.flatMap(([, text = '']) => unroff(text).trim().split('\n'));
}

function matches(page: string, pattern: RegExp): string[] {
	return [...read(page).matchAll(pattern)].map(([, found = '']) => found);
}

// mdoc puts blanks between words and none beside Ns; Fl is a dash, Op brackets the rest of the line.
function plain(mdoc: string): string {
	const text = mdoc
		.replace(/Op (.*)$/, '[ Ns $1 Ns ]')
		.replaceAll(/\b(Ar|Cm) /g, '')
		.replaceAll(/\bFl /g, '-')
		.replaceAll(/ Ns /g, '')
		.replaceAll(' , ', ', ');
	return unroff(text);
}

function unroff(roff: string): string {
	return roff.replaceAll('\\[u2026]', '…').replaceAll('\\(dq', '"').replaceAll('\\e', '\\');
}
