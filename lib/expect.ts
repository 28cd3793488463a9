// SPDX-License-Identifier: MIT
// What a machine is expected to be like, a line for each pair: 'CLIENT PROVIDER WORD'. Names may be
// such that survive a renumbering: kernel paths, VENDOR:DEVICE@SLOT.

import {describeError} from './describe-error.ts';
import {Failure} from './failure.ts';
import {native, type Pair, type Read, type VerdictWord} from './native.ts';

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
export async function judge(source: Read, expectations: readonly Expectation[]): Promise<Judged[]> {
	return Promise.all(expectations.map((one) => judgeOne(source, one)));
}

async function judgeOne(source: Read, one: Expectation): Promise<Judged> {
	try {
		const {pairs} = await native.check(source, [[one.client, one.provider]]);
		const pair = pairs[0] as Pair;
		return {...one, problem: null, pair, isMet: meets(one.word, pair.verdict)};
	} catch (error) {
		const {code = '', message} = describeError(error);
		if (!Object.hasOwn(problems, code)) throw error;
		return {...one, problem: message, pair: null, isMet: problems[code] ?? null};
	}
}

/** Names that mean no function, or not one. */
const problems: Readonly<Record<string, false | null>> = {
	P2P_BAD_NAME: false,
	P2P_NO_FUNCTION: false,
	P2P_SEVERAL: false,
	P2P_UNREAD_SLOT: null,
};

function meets(word: ExpectedWord, verdict: VerdictWord): boolean | null {
	if (verdict === 'unknown') return null;
	return word === 'any' ? verdict !== 'no' : verdict === word;
}
