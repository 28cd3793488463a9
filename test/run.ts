// SPDX-License-Identifier: MIT
// Runs all tests and ends with one plain line: N passed, N failed. ava's own closing counts miss
// files that crash, so the TAP is counted here.

import {spawn} from 'node:child_process';
import {createWriteStream} from 'node:fs';
import {Parser} from 'tap-parser';

type Count = {passed: number; failed: number; skipped: string[]; failures: string[]};

const count: Count = {passed: 0, failed: 0, skipped: [], failures: []};
/** Characters of a failure's reason that are said again at the end. */
const longestReason = 1500;

const status = await runAva(process.argv.slice(2));
if (status !== 0 && count.failed === 0) count.failed = 1;
if (count.passed + count.failed === 0) count.failed = 1;
// Once more at the end, where somebody looks who sees only the last screens of a long log.
for (const failure of count.failures) console.log(failure);
for (const reason of count.skipped) console.log(`skipped: ${reason}`);
if (process.env.P2P_LAB_KERNEL === undefined)
	console.log('not run: npm run test:iommufd, the copies over iommufd, on a kernel built for that');
const skipped = count.skipped.length === 0 ? '' : `, ${count.skipped.length} skipped`;
console.log(`${count.passed} passed, ${count.failed} failed${skipped}`);
process.exitCode = count.failed === 0 ? 0 : 1;

function runAva(words: readonly string[]): Promise<number> {
	const ava = spawn(
		process.execPath,
		['node_modules/ava/entrypoints/cli.mjs', '--tap', '--concurrency', '2', ...words],
		{stdio: ['ignore', 'pipe', 'inherit']},
	);
	const parser = new Parser();
	parser.on('assert', countResult);
	ava.stdout.pipe(parser);
	// The whole of it, for what a failing run does not say as a test.
	ava.stdout.pipe(createWriteStream('build/test.tap'));

	// The output may end before the process has.
	const parsed = new Promise((resolve) => parser.on('complete', resolve));
	const ended = new Promise<number>((resolve) => ava.on('exit', (code) => resolve(code ?? 1)));
	return Promise.all([ended, parsed]).then(([code]) => code);
}

function countResult(result: {
	ok: boolean;
	name: string;
	skip: boolean | string;
	todo: boolean | string;
	diag: unknown;
}): void {
	if (result.skip !== false && result.skip !== undefined) {
		count.skipped.push(result.name);
		return;
	}
	console.log(`${result.ok ? 'ok' : 'NOT OK'}  ${result.name}`);
	if (result.ok) {
		count.passed++;
		return;
	}
	count.failed++;
	const why = result.diag ? JSON.stringify(result.diag, null, 2) : '';
	if (why !== '') console.log(why);
	count.failures.push(`NOT OK  ${result.name}\n${why.slice(0, longestReason)}`);
}
