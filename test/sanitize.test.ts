// SPDX-License-Identifier: MIT
// The native code with sanitizers in it: its tests once more, the queue code beside threads of its
// own, and a short run of each fuzzer (npm run fuzz makes long ones).

import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {buildFuzzer, buildThreads, buildTree, fuzzers, run, runTests} from './helpers/sanitized.ts';

/** Minutes of the same calls over again; `npm run sanitize` has them too. */
const isLong = process.env.P2P_SANITIZE === 'long';
const long = ['test/native/matrix.test.ts', 'test/native/paper.test.ts'];
/** Counts instructions by valgrind, which has no room for a sanitizer. */
const excluded = ['test/native/loop.test.ts', ...(isLong ? [] : long)];
const folders = ['native', 'lib', 'fuzz', ...(isLong ? ['commands'] : [])];
const tests = folders
	.flatMap((folder) => readdirSync(`test/${folder}`).map((name) => `test/${folder}/${name}`))
	.filter((file) => file.endsWith('.test.ts') && !excluded.includes(file));
/** They start programs, and do not load the addon. */
const ofPrograms = tests.filter((file) =>
	/'native\/build\/Release\//.test(readFileSync(file, 'utf8')),
);

test.serial.before('the tree with sanitizers is built', () => buildTree());

test.serial('what loads the addon has no bad access and no undefined behaviour', (t) => {
	const files = tests.filter((file) => !ofPrograms.includes(file));
	const {status, output} = runTests(files, {hasAddon: true});
	t.is(status, 0, output);
});

test.serial('nor have the programs, which leak nothing either', (t) => {
	const {status, output} = runTests(ofPrograms, {hasAddon: false});
	t.is(status, 0, output);
});

test.serial('queues, loops and stops have no data race', (t) => {
	const {status, output} = run(buildThreads('threads'), []);
	t.is(status, 0, output);
});

for (const name of fuzzers) {
	test.serial(`nothing brings the reader of ${name} down`, (t) => {
		const [program = '', ...words] = buildFuzzer(name);
		const {status, output} = run(program, [...words, '-runs=10000', '-seed=1']);
		t.is(status, 0, output);
	});
}
