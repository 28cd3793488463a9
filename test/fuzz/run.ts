// SPDX-License-Identifier: MIT
// npm run fuzz -- [RUNS [NAME [SEEDS…]]]: long runs of the fuzzers of the core, one after the other
// or one alone, each with what it learnt before (build/fuzz/NAME.corpus) and with files or folders
// of seeds. Ends at the first input that brings one down, which is kept in build/fuzz.

import {spawnSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {buildFuzzer, buildTree, fuzzers} from '../helpers/sanitized.ts';

const [runs = '1000000', name, ...seeds] = process.argv.slice(2);

buildTree();
for (const fuzzer of name === undefined ? fuzzers : [name]) {
	const [program = '', ...words] = buildFuzzer(fuzzer);
	const corpus = `build/fuzz/${fuzzer}.corpus`;
	mkdirSync(corpus, {recursive: true});
	const {status} = spawnSync(program, [...words, `-runs=${runs}`, corpus, ...seeds], {
		stdio: 'inherit',
	});
	if (status !== 0) process.exit(status ?? 1);
}
