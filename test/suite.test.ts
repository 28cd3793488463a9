// SPDX-License-Identifier: MIT
// The manners that every program has. A new one is covered the day its file in bin/ exists.

import {spawnSync} from 'node:child_process';
import {closeSync, openSync, readdirSync} from 'node:fs';
import test from 'ava';
import {machine} from './helpers/machine.ts';
import {run} from './helpers/program.ts';

const programs = readdirSync('bin').filter((name) => /^p2p(-\w+)?$/.test(name));

/** What a program's start has loaded of node. process.moduleLoadList: lib/internal/bootstrap of node. */
const loaded = `
	process.on('exit', () => require('node:fs').writeSync(2, process.moduleLoadList.join('\\n')));
	require('./bin/launch.js')(process.argv[1]);
`;

test('a start loads nothing heavy that its command does not need', (t) => {
	const words = ['p2p-list', '--raw', '--sysroot', machine(t, 'root-port\n  nvme\n')];
	const {status, stderr} = spawnSync(process.execPath, ['-e', loaded, '--', ...words], {
		encoding: 'utf8',
	});
	t.is(status, 0, stderr);
	t.regex(stderr, /^NativeModule fs$/m);
	t.notRegex(stderr, /^NativeModule (crypto|stream|child_process|net)$/m);
});

for (const program of programs) {
	test(`${program} --help explains itself on stdout`, (t) => {
		const {status, stdout, stderr} = run(program, '--help');
		t.is(status, 0);
		t.regex(stdout, /^USAGE\n/);
		t.is(stderr, '');
	});

	test(`${program} --help says the same whether the build has kept it or not`, (t) => {
		t.is(run(program, '--help').stdout, run(program, '--help', '--help').stdout);
		t.is(run(program, '--version').stdout, run(program, '--version', '-V').stdout);
	});

	test(`${program} --version says which`, (t) => {
		const {status, stdout} = run(program, '--version');
		t.is(status, 0);
		t.regex(stdout, /^p2p\S* \(p2putils\) \d+\.\d+\.\d+\n$/);
	});

	test(`${program} refuses an unknown option with status 2 and an empty stdout`, (t) => {
		const {status, stdout, stderr} = run(program, '--no-such-option', '--json');
		t.is(status, 2);
		t.is(stdout, '');
		t.regex(stderr, new RegExp(`^${program}: .+\\n {2}Try: `));
	});

	test(`${program} fails when its output cannot be written`, (t) => {
		const full = openSync('/dev/full', 'w');
		t.teardown(() => closeSync(full));
		const {status, stderr} = spawnSync(process.execPath, [`bin/${program}`, '--help'], {
			stdio: ['ignore', full, 'pipe'],
			encoding: 'utf8',
		});
		t.is(status, 2);
		t.regex(stderr, new RegExp(`^${program}: write error: `));
	});
}

test('the umbrella is the same programs by another name', (t) => {
	const names = programs.filter((name) => name !== 'p2p').map((name) => name.slice('p2p-'.length));
	const {stdout} = run('p2p', '--help');
	for (const name of names) t.regex(stdout, new RegExp(`\\bp2p-${name}\\b`));
	t.regex(run('p2p', 'list', '--help').stdout, /p2p list \[OPTIONS\]/);
});

test('the umbrella refuses a word that is no program', (t) => {
	const {status, stdout, stderr} = run('p2p', 'frobnicate');
	t.is(status, 2);
	t.is(stdout, '');
	t.regex(stderr, /'frobnicate'/);
});

test('names that every object of JavaScript has are no programs and no CPUs', (t) => {
	for (const [program, ...words] of [
		['p2p', 'constructor'],
		['p2p', '__proto__'],
		['p2p-list', '--cpu', 'constructor'],
	] as const) {
		const {status, stderr} = run(program, ...words);
		t.is(status, 2);
		t.notRegex(stderr, /internal error|\n\s+at /);
	}
});

const silly: readonly (readonly [readonly string[], string])[] = [
	[
		['p2p-copy', '--depth', '0', 'a/ns1', 'b/bar2'],
		"--depth: expected an integer greater than or equal to 1, not '0'",
	],
	[['p2p-copy', '--depth', 'x', 'a/ns1', 'b/bar2'], "--depth: expected an integer, not 'x'"],
	[
		['p2p-copy', '--verify=all', 'a/ns1', 'b/bar2'],
		"--verify: 'all' is none of full, sample, none",
	],
	[['p2p-copy', 'a/ns1'], 'missing operand: TO'],
	[['p2p-list', '--frobnicate'], 'unrecognized option: --frobnicate'],
];

for (const [[program = '', ...words], sentence] of silly) {
	test(`${program} ${words.join(' ')} is told what is wrong`, (t) => {
		const {status, stderr} = run(program, ...words);
		t.is(status, 2);
		t.is(stderr.split('\n')[0], `${program}: ${sentence}`);
	});
}
