// SPDX-License-Identifier: MIT
// A program for test/fuzz: calls the suite's programs with words by chance, one after the other in
// this process, and ends at the first that did not end as a program should. They look at a drawn
// machine, so that nothing here is changed: command-lines.js ROOT SEED ROUNDS.

import fs from 'node:fs';
import {syncBuiltinESMExports} from 'node:module';
import {commands, main} from '../../lib/main.ts';
import {oddWords, pick} from './fuzz.ts';
import {type Random, seeded} from './random-machine.ts';

const [root = '', seed = '1', rounds = '1'] = process.argv.slice(2);
const ends = [
	...[
		'0000:00:01.0',
		'01:00.0',
		'02:00.0',
		'01:00.0/ns1',
		'02:00.0/bar2+4K',
		'nvme0',
		'-',
		'x.file',
	],
	...oddWords.filter((word) => !word.includes('\0')),
];
const values = [
	'1',
	'4K',
	'1M,2M',
	'full',
	'none',
	'rr',
	'rr,cr',
	'bdf,+driver',
	'6.12',
	'zen',
	...ends,
];
/** Of our own mistakes. */
const alarming =
	/\n\s+at |TypeError|ReferenceError|RangeError|Cannot read|is not a function|\[object |\bNaN\b|native code/;

let written = '';
let said = '';
const {writeSync} = fs;
fs.writeSync = ((descriptor: number, data: Buffer, ...rest: []) => {
	if (descriptor === 1) written += data;
	else if (descriptor === 2) said += data;
	else return writeSync(descriptor, data, ...rest);
	return data.length;
}) as typeof fs.writeSync;
syncBuiltinESMExports();
process.setMaxListeners(0);

for (let round = 0; round < Number(rounds); round++) {
	const random = seeded(Number(seed) * 1_000_003 + round);
	const program = pick(random, ['p2p', ...Object.keys(commands).map((name) => `p2p-${name}`)]);
	const words = program === 'p2p' ? await umbrella(random) : await line(random, program.slice(4));
	await tryOne(round, program, words);
}
process.exitCode = 0;

async function umbrella(random: Random): Promise<string[]> {
	const name = pick(random, [...Object.keys(commands), ...ends]);
	return [name, ...(Object.hasOwn(commands, name) ? await line(random, name) : [])];
}

async function line(random: Random, command: string): Promise<string[]> {
	const {default: Class} = (await commands[command]?.()) ?? {};
	// Whatever else they say, programs that change anything refuse to do so elsewhere.
	const words = ['--sysroot', root];
	const options = Object.entries({...Class?.baseFlags, ...Class?.flags}).filter(
		([name]) => !['sysroot', 'help', 'version'].includes(name),
	);
	for (let count = random(5); count > 0; count--) {
		const [name, flag] = pick(random, options);
		if (random(3) === 0) words.push(pick(random, ends));
		else if (random(12) === 0) words.push(`--${pick(random, ends)}`);
		else if (flag.type === 'boolean') words.push(`--${name}`);
		else if (random(2) === 0) words.push(`--${name}`, pick(random, values));
		else words.push(`--${name}=${pick(random, values)}`);
	}
	return words;
}

async function tryOne(round: number, program: string, words: string[]): Promise<void> {
	written = said = '';
	process.exitCode = undefined;
	let thrown = '';
	try {
		await main(program, words);
	} catch (error) {
		thrown = (error as Error).stack ?? `${error}`;
	}
	const status = Number(process.exitCode ?? 0);
	const isRight = status >= 0 && (status <= 5 || status >= 69) && thrown === '';
	const isSaid = status === 0 || written !== '' || said.startsWith('p2p');
	if (isRight && isSaid && !alarming.test(said) && !alarming.test(written)) return;
	const told = {seed, round, program, words, status, thrown, said, written: written.slice(0, 2000)};
	writeSync(2, `${JSON.stringify(told, null, 2)}\n`);
	process.exit(1);
}
