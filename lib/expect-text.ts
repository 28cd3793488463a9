// SPDX-License-Identifier: MIT
// How expectations turned out: lines for people, TAP, JSON.

import {headline} from './describe.ts';
import type {Judged} from './expect.ts';
import type {Machine} from './native.ts';

const words = {true: 'ok', false: 'NO', null: '?'} as const;

/** A line for each expectation, then how many were met. */
export function expectText(machine: Machine, judged: readonly Judged[]): string {
	const lines = judged.map(
		(one) => `${words[`${one.isMet}`].padEnd(2)}  ${sentence(machine, one)}`,
	);
	const met = judged.filter(({isMet}) => isMet === true).length;
	return [...lines, '', `${met} of ${judged.length} as expected`, ''].join('\n');
}

/** Test Anything Protocol 13: what cannot be told is not ok. */
export function expectTap(machine: Machine, judged: readonly Judged[]): string {
	const lines = judged.map((one, index) => {
		const mark = one.isMet === true ? 'ok' : 'not ok';
		const line = `${mark} ${index + 1} - ${title(one)}`;
		return one.isMet === true ? line : `${line}\n# ${reason(machine, one)}`;
	});
	return ['TAP version 13', `1..${judged.length}`, ...lines, ''].join('\n');
}

export function expectJson(machine: Machine, judged: readonly Judged[]): object {
	const expectations = judged.map(({line, client, provider, word, isMet, problem, pair}) => ({
		...{line, client, provider, expected: word, isMet, problem, pair},
	}));
	return {version: 1, machine, expectations};
}

function sentence(machine: Machine, one: Judged): string {
	const {isMet} = one;
	return isMet === true ? title(one) : `${title(one)}: ${reason(machine, one)}`;
}

/** '#' begins a directive in TAP; no name has one, as it begins a comment in the file. */
function title({client, provider, word}: Judged): string {
	return `${client} ${provider} ${word}`;
}

function reason(machine: Machine, {pair, problem}: Judged): string {
	return pair === null ? `${problem}` : `${pair.verdict}: ${headline(machine, pair)}`;
}
