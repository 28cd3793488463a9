// SPDX-License-Identifier: MIT
// p2p-bind --show: functions, their groups, and what hangs on them with the command that ends it.

import {groupText} from './bind-text.ts';
import {inOrderOfEnding, useHint, useText} from './describe-uses.ts';
import {className} from './function.ts';
import type {BindShown, BindView} from './native.ts';

type Line = readonly [text: string, hint: string];

/** What this user could not see, by code. */
export function missingOf({seesProcesses, seesRecords}: BindView): string[] {
	return [...(seesProcesses ? [] : ['processes']), ...(seesRecords ? [] : ['records'])];
}

export function shownLines(program: string, shown: BindShown, isWhole: boolean): string[] {
	const lines = [...changes(program, shown), ...uses(shown, isWhole)];
	const width = Math.max(...lines.map(([text]) => text.length));
	return [
		headline(shown),
		...lines.map(([text, hint]) => `  ${text.padEnd(width)}   ${hint}`.trimEnd()),
	];
}

export function shownJson({bdf, classCode, ...shown}: BindShown): object {
	return {
		bdf,
		class: className({classCode}),
		...shown,
		uses: shown.uses.map((use) => ({...use, text: useText(use), hint: useHint(use) || null})),
	};
}

function headline(shown: BindShown): string {
	const what = [className(shown), shown.names.join(',')].join(' ').trimEnd();
	const driver = `driver ${shown.driver ?? 'none'}`;
	return [shown.bdf, what, driver, groupText(shown)].join('  ');
}

function changes(program: string, {bdf, before, rule}: BindShown): Line[] {
	const undo = `${program} --restore ${bdf}`;
	return [
		...(before === null
			? []
			: [[`changed: before its driver was ${before.driver ?? 'none'}`, undo] as const]),
		...(rule === null ? [] : [[`kept over a boot by ${rule}`, undo] as const]),
	];
}

function uses({uses: all}: BindShown, isWhole: boolean): Line[] {
	if (all.length === 0) return [[isWhole ? 'not in use' : 'no use seen', '']];
	return inOrderOfEnding(all).map((use) => [`in use: ${useText(use)}`, useHint(use)]);
}
