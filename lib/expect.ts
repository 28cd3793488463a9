// SPDX-License-Identifier: MIT
// What a machine is expected to be like, a line for each pair: 'CLIENT PROVIDER WORD'. Names may be
// such that survive a renumbering: kernel paths, VENDOR:DEVICE@SLOT.

import {Failure} from './failure.ts';
import {functionsNamed} from './function.ts';
import {native, type Pair, type PciFunction, type Read, type VerdictWord} from './native.ts';

export const expectedWords = ['direct', 'any', 'through-root', 'no'] as const;
export type ExpectedWord = (typeof expectedWords)[number];

export type Expectation = {
	/** Counted from 1, for sentences. */
	readonly line: number;
	readonly client: string;
	readonly provider: string;
	readonly word: ExpectedWord;
};

export type Judged = Expectation & {
	/** null: cannot tell. */
	readonly isMet: boolean | null;
	/** null where one of the two is not there. */
	readonly pair: Pair | null;
	/** A name that means no function, or several. */
	readonly problem: string | null;
};

/** Blank lines and what stands behind # count for nothing. name is for sentences. */
export function parseExpectations(name: string, text: string): Expectation[] {
	const lines = text.split('\n').map((line, index) => ({
		line: index + 1,
		words: line.replace(/#.*/, '').trim().split(/\s+/).filter(Boolean),
	}));
	const list = lines
		.filter(({words}) => words.length > 0)
		.map(({line, words}) => expectation(`${name}:${line}`, line, words));
	if (list.length === 0)
		throw new Failure(`${name} expects nothing: no line 'CLIENT PROVIDER WORD'`);
	return list;
}

function expectation(place: string, line: number, words: readonly string[]): Expectation {
	const [client = '', provider = '', word = '', ...more] = words;
	if (word === '' || more.length > 0)
		throw new Failure(`${place}: a line is CLIENT PROVIDER WORD, not '${words.join(' ')}'`);
	if (!isWord(word))
		throw new Failure(`${place}: '${word}' is none of ${expectedWords.join(', ')}`);
	return {line, client, provider, word};
}

function isWord(word: string): word is ExpectedWord {
	return (expectedWords as readonly string[]).includes(word);
}

/** In the order of the lines. What is not in the machine is not met: somebody expected it there. */
export async function judge(
	source: Read,
	functions: readonly PciFunction[],
	expectations: readonly Expectation[],
): Promise<Judged[]> {
	const ends = expectations.map(({client, provider}) => [
		only(functions, client),
		only(functions, provider),
	]);
	const problems = ends.map((both) => both.find(isProblem) ?? null);
	const asked = ends
		.filter((_, index) => problems[index] === null)
		.map((both) => both.map((it) => (it as PciFunction).bdf) as [string, string]);
	const {pairs} = await native.check(source, asked);
	let next = 0;
	return expectations.map((one, index) => {
		const problem = problems[index] ?? null;
		if (problem !== null) return {...one, ...problem, pair: null};
		const pair = pairs[next++] as Pair;
		return {...one, problem: null, pair, isMet: meets(one.word, pair.verdict)};
	});
}

type Problem = {readonly problem: string; readonly isMet: false | null};

function isProblem(it: PciFunction | Problem): it is Problem {
	return 'problem' in it;
}

/** The function of that name, or what is wrong with it. */
function only(functions: readonly PciFunction[], name: string): PciFunction | Problem {
	const found = functionsNamed(functions, name);
	const [first] = found;
	if (first !== undefined && found.length === 1) return first;
	if (found.length > 1) {
		const names = found.map(({bdf}) => bdf).join(', ');
		return {problem: `${name} names ${found.length} functions: ${names}`, isMet: false};
	}
	const [, ids] = /^(.*)@/.exec(name) ?? [];
	const twins = ids === undefined ? [] : functionsNamed(functions, ids);
	const unread = twins.find((it) => it.slot === null && !hasReadPorts(functions, it));
	return unread === undefined
		? {problem: `there is no function ${name}`, isMet: false}
		: {problem: `not read: which slot ${unread.bdf} sits in`, isMet: null};
}

/** Could the capabilities of all ports above be read? */
function hasReadPorts(functions: readonly PciFunction[], {parent}: PciFunction): boolean {
	const port = functions.find(({bdf}) => bdf === parent);
	return port === undefined || (port.configSize > header && hasReadPorts(functions, port));
}

/** Bytes of configuration space that everybody may read. */
const header = 64;

function meets(word: ExpectedWord, verdict: VerdictWord): boolean | null {
	if (verdict === 'unknown') return null;
	return word === 'any' ? verdict !== 'no' : verdict === word;
}
