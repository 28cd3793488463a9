// SPDX-License-Identifier: MIT
// Runs all tests and ends with one plain line: N passed, N failed. ava's own closing counts miss
// files that crash, so the TAP is counted here.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createWriteStream, rmSync} from 'node:fs';
import {Parser} from 'tap-parser';

type Result = {name: string; outcome: 'passed' | 'failed' | 'skipped'; why: string};

let results: Result[] = [];
/** Characters of a failure's reason that are said again at the end. */
const longestReason = 1500;
/** The whole of what ava said, for what a failing run does not say as a test. */
const log = 'build/test.tap';

rmSync(log, {force: true});
const words = process.argv.slice(2);
await runAva(words);
// An emulator that loses an interrupt says nothing about ours (lab/hang.ts): those files, once more.
const lost = [...new Set(results.filter(isEmulators).map(fileOf))];
for (const file of lost) {
	console.log(`once more, as the emulator lost an interrupt: ${file}`);
	results = results.filter((result) => fileOf(result) !== file);
	await runAva([file]);
}
const failures = results.filter(isFailed);
// Once more at the end, where somebody looks who sees only the last screens of a long log.
for (const {name, why} of failures) console.log(`NOT OK  ${name}\n${why.slice(0, longestReason)}`);
for (const {name} of results.filter(isSkipped)) console.log(`skipped: ${name}`);
if (process.env.P2P_LAB_KERNEL === undefined)
	console.log('not run: npm run test:iommufd, the copies over iommufd, on a kernel built for that');
const skipped = results.filter(isSkipped).length;
const passed = results.length - failures.length - skipped;
const failed = failures.length || (passed === 0 ? 1 : 0);
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
process.exitCode = failed === 0 ? 0 : 1;

function isFailed({outcome}: Result): boolean {
	return outcome === 'failed';
}

function isSkipped({outcome}: Result): boolean {
	return outcome === 'skipped';
}

function isEmulators(result: Result): boolean {
	return isFailed(result) && result.why.includes('the emulator lost interrupt');
}

/** ava's titles begin with folder and file where there are several. */
function fileOf({name}: Result): string {
	const [folder, file] = name.split(' \u203a ');
	return `test/${folder}/${file}.test.ts`;
}

async function runAva(words: readonly string[]): Promise<void> {
	const ava = spawn(
		process.execPath,
		['node_modules/ava/entrypoints/cli.mjs', '--tap', '--concurrency', '2', ...words],
		{stdio: ['ignore', 'pipe', 'inherit']},
	);
	const before = results.length;
	const parser = new Parser();
	parser.on('assert', countResult);
	ava.stdout.pipe(parser);
	ava.stdout.pipe(createWriteStream(log, {flags: 'a'}));

	// The output may end before the process has.
	const [[code]] = await Promise.all([once(ava, 'exit'), once(parser, 'complete')]);
	if (code !== 0 && !results.slice(before).some(isFailed))
		results.push({name: `ava ended with ${code}`, outcome: 'failed', why: ''});
}

function countResult(result: {
	ok: boolean;
	name: string;
	skip: boolean | string;
	todo: boolean | string;
	diag: unknown;
}): void {
	const isSkip = result.skip !== false && result.skip !== undefined;
	const why = result.ok || !result.diag ? '' : JSON.stringify(result.diag, null, 2);
	results.push({
		name: result.name,
		outcome: isSkip ? 'skipped' : result.ok ? 'passed' : 'failed',
		why,
	});
	if (isSkip) return;
	console.log(`${result.ok ? 'ok' : 'NOT OK'}  ${result.name}`);
	if (why !== '') console.log(why);
}
