// SPDX-License-Identifier: MIT
// The library as somebody who installed it sees it: by its name, with its types.

import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type * as Library from '../lib/p2putils.ts';

// Not its sources: what the package exports.
const name = 'p2putils';
const {check, copy, Failure, list}: typeof Library = await import(name);

const drawn = 'lab/machines/acs.machine';

test('list has what matters, or what is named', async (t) => {
	const {machine, functions} = await list([], {from: drawn});
	t.is(machine.source, 'sysroot');
	t.true(functions.length > 1);
	t.true(functions.every(({role}) => role === 'endpoint'));
	const {functions: all} = await list([], {from: drawn, all: true});
	t.true(all.length > functions.length);
	const {functions: one} = await list(['03:00.0'], {from: drawn});
	t.deepEqual(
		one.map(({bdf}) => bdf),
		['0000:03:00.0'],
	);
});

test('check judges, on another kernel too', async (t) => {
	const pair = await check('03:00.0', '04:00.0', {from: drawn});
	t.is(pair.verdict, 'through-root');
	t.is(pair.fabric.culprits[0]?.bdf, '0000:02:00.0');
	const old = await check('03:00.0', '04:00.0', {from: drawn, kernel: '4.19'});
	t.not(old.kernel.mapType, pair.kernel.mapType);
});

/** As programs without types pass it. */
function any(value: unknown): never {
	return value as never;
}

for (const [what, work, message, status] of [
	['a name of nobody', () => list(['0f:00.0'], {from: drawn}), /no function/, 2],
	['a pair of nobody', () => check('0f:00.0', '04:00.0', {from: drawn}), /no function/, 2],
	['a file that is not there', () => list([], {from: '/nowhere'}), /\/nowhere/, 2],
	['a copy between files', () => copy('/etc/hosts', './b'), /cp\(1\)/, 2],
	['too many queues', () => copy('03:00.0/ns1', './b', {queues: 65}), /from 1 to 64/, 2],
	['a size that is none', () => copy('03:00.0/ns1', './b', {length: 'much'}), /not a size/, 2],
	[
		'an option that is none',
		() => copy('03:00.0/ns1', './b', any({lenght: 1})),
		/no option 'lenght'/,
		2,
	],
	[
		'a word that an option has not',
		() => copy('03:00.0/ns1', './b', any({require: 'directt'})),
		/^require is 'directt'; it is one of direct, any$/,
		2,
	],
	[
		'true where a word is wanted',
		() => copy('03:00.0/ns1', './b', any({verify: true})),
		/^verify is true; it is one of full, sample, none$/,
		2,
	],
	['no list', () => copy('03:00.0/ns1', './b', any({allow: 'unknown'})), /^allow is .*a list/, 2],
	['no options at all', () => copy('03:00.0/ns1', './b', any(null)), /options are an object/, 2],
	['a name for a list', () => list(any('03:00.0'), {from: drawn}), /^names is '03:00\.0'/, 2],
	['nothing for a name', () => check('03:00.0', any(undefined)), /^provider is undefined/, 2],
	['an option of another', () => list([], any({kernel: '6.12'})), /no option 'kernel'/, 2],
] as const) {
	test(`${what} is a Failure with the programs' sentence`, async (t) => {
		const error = await t.throwsAsync<InstanceType<typeof Failure>>(work, {instanceOf: Failure});
		t.regex(error?.message ?? '', message);
		t.is(error?.status, status);
	});
}

test('a copy that is aborted before it starts touches nothing', async (t) => {
	const reason = new Error('not today');
	const work = copy('03:00.0/ns1', './never', {signal: AbortSignal.abort(reason)});
	t.is(await t.throwsAsync(work), reason);
});

/** The errors of a program in TypeScript that imports the package. */
function compile(t: ExecutionContext, code: string): string {
	const folder = mkdtempSync(join(tmpdir(), 'p2p-test-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	mkdirSync(join(folder, 'node_modules'));
	symlinkSync(resolve('.'), join(folder, 'node_modules/p2putils'));
	symlinkSync(resolve('node_modules/@types'), join(folder, 'node_modules/@types'));
	writeFileSync(join(folder, 'program.mts'), code);
	const words = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'];
	const tsc = resolve('node_modules/.bin/tsc');
	return spawnSync(tsc, [...words, '--types', 'node', 'program.mts'], {
		cwd: folder,
		encoding: 'utf8',
	}).stdout;
}

test('the example of docs/library.md has the right types', (t) => {
	const [, example = ''] = /```js\n(.*?)```/s.exec(readFileSync('docs/library.md', 'utf8')) ?? [];
	t.regex(example, /await copy/);
	t.is(compile(t, example), '');
});

test('a wrong use does not compile', (t) => {
	const wrong = [
		"await copy('a', 'b', {verify: 'half'});",
		"await copy('a', 'b', {allow: ['all']});",
		"const yes: boolean = (await check('a', 'b')).verdict;",
	];
	const text = compile(t, ["import {check, copy} from 'p2putils';", ...wrong].join('\n'));
	for (const line of [2, 3, 4]) t.regex(text, new RegExp(`program\\.mts\\(${line},`));
});

test('machines on paper leave nothing behind while the process lasts', (t) => {
	const folder = mkdtempSync(join(tmpdir(), 'p2p-test-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const program = `
		import {readdirSync} from 'node:fs';
		import {list} from 'p2putils';
		await Promise.all(Array.from({length: 12}, () => list([], {from: '${drawn}'})));
		console.log(readdirSync(process.env.TMPDIR));
	`;
	const {stdout, stderr} = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
		encoding: 'utf8',
		env: {...process.env, TMPDIR: folder},
	});
	t.deepEqual([stdout, stderr], ['[]\n', '']);
});
