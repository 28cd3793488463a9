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
	const problems = ends.map((both) => both.find((it) => typeof it === 'string') ?? null);
	const asked = ends
		.filter((_, index) => problems[index] === null)
		.map((both) => both.map((it) => (it as PciFunction).bdf) as [string, string]);
	const {pairs} = await native.check(source, asked);
	let next = 0;
	return expectations.map((one, index) => {
		const problem = problems[index] as string | null;
		const pair = problem === null ? (pairs[next++] ?? null) : null;
		return {...one, problem, pair, isMet: pair === null ? false : meets(one.word, pair.verdict)};
	});
}

/** The function of that name, or what is wrong with it. */
function only(functions: readonly PciFunction[], name: string): PciFunction | string {
	const found = functionsNamed(functions, name);
	const [first] = found;
	if (first === undefined) return `there is no function ${name}`;
	if (found.length === 1) return first;
	return `${name} names ${found.length} functions: ${found.map(({bdf}) => bdf).join(', ')}`;
}

function meets(word: ExpectedWord, verdict: VerdictWord): boolean | null {
	if (verdict === 'unknown') return null;
	return word === 'any' ? verdict !== 'no' : verdict === word;
}
