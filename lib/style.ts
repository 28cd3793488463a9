// SPDX-License-Identifier: MIT
// Colour, on a terminal only and never as the only carrier of meaning. hasColors() honours
// NO_COLOR and TERM=dumb, which chalk by itself does not.

import type {VerdictWord} from './native.ts';
import {isTerminal} from './output.ts';

export type Style = {
	readonly strong: (text: string) => string;
	readonly faint: (text: string) => string;
	/** What slows down or turns away. */
	readonly warn: (text: string) => string;
	readonly word: (verdict: VerdictWord) => string;
};

/** Loads chalk only where there is something to colour. */
export async function loadStyle(): Promise<Style> {
	if (!isTerminal(1) || !process.stdout.hasColors()) return plain;
	const {Chalk} = await import('chalk');
	const chalk = new Chalk({level: 1});
	const colours = {
		direct: chalk.green.bold,
		'through-root': chalk.yellow.bold,
		no: chalk.red.bold,
		unknown: chalk.magenta.bold,
	};
	return {
		strong: (text) => chalk.bold(text),
		faint: (text) => chalk.dim(text),
		warn: (text) => chalk.yellow(text),
		word: (verdict) => colours[verdict](verdict),
	};
}

/** No colours. */
export const plain: Style = {strong: String, faint: String, warn: String, word: String};
