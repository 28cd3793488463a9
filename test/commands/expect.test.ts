// SPDX-License-Identifier: MIT
// Acceptance of machines: p2p-check --expect and --diff.

import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {Parser} from 'tap-parser';
import {attribute, bind, cut, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';

const drawing = (acs = '0', above = '') => `
	machine cpu=EPYC
	${above}
	root-port
	  upstream
	    downstream acs=${acs}
	      nvme
	    downstream acs=${acs}
	      ram 64M
	root-port
	  nic
`;
/** By slot and ids, by kernel path, by bdf, by name. */
const met = `
	1b36:0010@3 1af4:1110@5 direct   # whatever its number
	00:01.0/00.0/00.0/00.0 0000:00:01.0/00.0/01.0/00.0 any
	03:00.0 nvme0 direct
	eth0 1af4:1110 through-root
`;

const folder = mkdtempSync(join(tmpdir(), 'p2p-expect-'));
let files = 0;

test.after.always(() => rmSync(folder, {recursive: true}));

function fileOf(text: string): string {
	const file = join(folder, `${files++}`);
	writeFileSync(file, text);
	return file;
}

const expectOf = (root: string, lines: string, ...more: string[]) =>
	run('p2p-check', '--sysroot', root, '--expect', fileOf(lines), ...more);

test('a machine that is as expected ends in 0', (t) => {
	const {status, stdout, stderr} = expectOf(machine(t, drawing()), met);
	t.is(status, 0, stderr);
	t.regex(stdout, /^ok {2}1b36:0010@3 1af4:1110@5 direct\n/);
	t.true(stdout.endsWith('\n4 of 4 as expected\n'));
});

test('kernel paths survive a renumbering', (t) => {
	const behind = (first: string) => `
	machine cpu=EPYC
	root-port
	  ${first}
	root-port
	  upstream
	    downstream
	      nvme
	    downstream
	      ram 64M
	`;
	const lines = '00:02.0/00.0/00.0/00.0 00:02.0/00.0/01.0/00.0 direct\n';
	const roots = ['nic', 'upstream\n\t    downstream\n\t      nic'].map((first) =>
		machine(t, behind(first)),
	);
	const numbers = roots.map((root) => {
		const {status, stdout} = expectOf(root, lines, '--json');
		t.is(status, 0, stdout);
		return JSON.parse(stdout).expectations[0].pair.client;
	});
	t.deepEqual(numbers, ['0000:04:00.0', '0000:06:00.0']);
});

test('a pair that is otherwise ends in 1, with the reason', (t) => {
	const {status, stdout, stderr} = expectOf(machine(t, drawing('rr')), met);
	t.is(status, 1);
	t.is(stderr, '');
	t.regex(stdout, /^NO {2}1b36:0010@3 1af4:1110@5 direct: through-root: .*0000:02:0[01]\.0/m);
	t.regex(stdout, /^ok {2}00:01\.0\/00\.0\/00\.0\/00\.0 \S+ any$/m);
});

test('what is not there, or there twice, is not as expected', (t) => {
	const root = machine(t, drawing('0', 'root-port\n\t  nvme'));
	const {status, stdout} = expectOf(root, '10de:2330 nvme0 direct\n1b36:0010 nvme0 direct\n');
	t.is(status, 1);
	t.regex(stdout, /^NO .*: there is no function 10de:2330$/m);
	t.regex(stdout, /^NO .*: 1b36:0010 names 2 functions: 0000:01:00\.0, 0000:04:00\.0$/m);
});

test('what cannot be told ends in 5, unless something else is wrong', (t) => {
	const root = machine(t, drawing());
	cut(root, '0000:02:01.0');
	t.is(expectOf(root, '03:00.0 04:00.0 direct').status, 5);
	t.is(expectOf(root, '03:00.0 04:00.0 direct\n03:00.0 05:00.0 direct').status, 1);
});

test('--tap is TAP', (t) => {
	const {status, stdout} = expectOf(machine(t, drawing('rr')), met, '--tap');
	t.is(status, 1);
	const results = Parser.parse(stdout);
	const asserts = results
		.filter(([kind]) => kind === 'assert')
		.map(([, it]) => (it as {ok: boolean}).ok);
	t.deepEqual(asserts, [false, true, true, true]);
	t.is(expectOf(machine(t, drawing()), met, '--tap').status, 0);
});

test('--json has the pair beside what was expected', (t) => {
	const {stdout} = expectOf(machine(t, drawing('rr')), met, '--json');
	const {version, expectations} = JSON.parse(stdout);
	t.is(version, 1);
	t.like(expectations[0], {
		line: 2,
		client: '1b36:0010@3',
		expected: 'direct',
		isMet: false,
		problem: null,
		pair: {verdict: 'through-root', client: '0000:03:00.0'},
	});
});

const mistakes: readonly [lines: string, says: RegExp][] = [
	['a b', /:1: a line is CLIENT PROVIDER WORD, not 'a b'\n/],
	['\na b direct really', /:2: a line is/],
	['a b maybe', /:1: 'maybe' is none of direct, any, through-root, no\n/],
	['# nothing\n', /expects nothing/],
];

for (const [lines, says] of mistakes) {
	test(`expectations '${lines}': one sentence and 2`, (t) => {
		const {status, stdout, stderr} = expectOf(machine(t, drawing()), lines);
		t.is(status, 2);
		t.is(stdout, '');
		t.regex(stderr, says);
	});
}

test('silly words of --expect, --tap and --diff', (t) => {
	const file = fileOf('a b direct\n');
	const lines: readonly (readonly [string[], RegExp])[] = [
		[['--expect', '/nope'], /^p2p-check: \/nope: no such file\n/],
		[['--expect', '/tmp'], /^p2p-check: \/tmp is a folder\n/],
		[['--expect', file, 'a'], /^p2p-check: extra operand: a/],
		[['--expect', '-', '--from', '-'], /cannot both be standard input/],
		[['--tap', 'a', 'b'], /^p2p-check: --tap goes with --expect\n/],
		[['--diff'], /^p2p-check: missing operand: FILE\n/],
		[['--diff', 'a', 'b', 'c'], /^p2p-check: extra operand: c\n/],
		[['--diff', '/nope'], /^p2p-check: \/nope: no such file\n/],
		[['--diff', '-', '-'], /^p2p-check: only one of the two can be standard input\n/],
		[['--diff', 'a', 'b', '--sysroot', '/'], /^p2p-check: --sysroot is the second machine/],
	];
	for (const [words, says] of lines) {
		const {status, stdout, stderr} = run('p2p-check', ...words);
		t.is(status, 2, words.join(' '));
		t.is(stdout, '');
		t.regex(stderr, says);
	}
});

const captureOf = (t: ExecutionContext, root: string) => {
	const {stdout, status} = run('p2p-list', '--sysroot', root, '--capture', '-');
	t.is(status, 0);
	return fileOf(stdout);
};

test('--diff says what changed between two looks, and which verdicts', (t) => {
	const before = captureOf(t, machine(t, drawing()));
	const root = machine(t, drawing('rr,cr'));
	attribute(root, '0000:05:00.0', 'current_link_speed', '8.0 GT/s PCIe');
	attribute(root, '0000:05:00.0', 'current_link_width', '8');
	bind(root, '0000:03:00.0', 'vfio-pci');
	const after = captureOf(t, root);
	const {status, stdout} = run('p2p-check', '--diff', before, after);
	t.is(status, 1);
	t.deepEqual(stdout.split('\n'), [
		'0000:02:00.0 gained redirect (RR CR)',
		'0000:02:01.0 gained redirect (RR CR)',
		'0000:03:00.0 its driver is vfio-pci, was nvme',
		'0000:05:00.0 its link trained at 8GT/s×8, was 16GT/s×16',
		'0000:03:00.0 to 0000:04:00.0 is through-root, was direct',
		'0000:04:00.0 to 0000:03:00.0 is through-root, was direct',
		'',
	]);
	const {changes, verdicts} = JSON.parse(
		run('p2p-check', '--diff', before, after, '--json').stdout,
	);
	t.like(changes[0], {function: '0000:02:00.0', what: 'acs', before: '0', after: 'rr,cr'});
	t.is(verdicts.length, 2);
	// To the machine below --sysroot, or this one.
	t.is(run('p2p-check', '--sysroot', root, '--diff', before).stdout, stdout);
});

test('--diff of the same machine is silent and ends in 0', (t) => {
	const root = machine(t, drawing());
	const file = captureOf(t, root);
	const {status, stdout, stderr} = run('p2p-check', '--diff', file, root);
	t.is(status, 0, stdout);
	t.is(stdout + stderr, '');
});

test('a function that came, went or moved is said; bus numbers alone make no other', (t) => {
	const before = captureOf(t, machine(t, drawing()));
	const after = captureOf(
		t,
		machine(
			t,
			drawing()
				.replace('nic', 'nic functions=2')
				.replace('nvme', 'upstream\n\t        downstream\n\t          edu'),
		),
	);
	const {stdout} = run('p2p-check', '--diff', before, after);
	t.regex(stdout, /^0000:03:00\.0 is gone \(1b36:0010\)$/m);
	t.regex(stdout, /^0000:0\d:00\.0 was 0000:04:00\.0: it got another number$/m);
	t.regex(stdout, /^0000:0\d:00\.1 is new \(8086:10d3\)$/m);
});

test('without privilege a slot is not known, and a verdict that was not told is no change', (t) => {
	const root = machine(t, drawing());
	const before = captureOf(t, root);
	for (const bdf of ['00:01.0', '01:00.0', '02:00.0', '02:01.0', '03:00.0', '04:00.0'])
		cut(root, `0000:${bdf}`);
	const {status, stdout} = expectOf(root, '1b36:0010@3 04:00.0 direct');
	t.is(status, 5);
	t.regex(stdout, /^\? {3}.*: not read: which slot 0000:03:00\.0 sits in$/m);
	t.is(expectOf(root, '1b36:0011@3 04:00.0 direct').status, 1);
	// Unknown at one time, and at both.
	for (const file of [before, captureOf(t, root)]) {
		const looked = run('p2p-check', '--diff', file, root);
		t.is(looked.status, 5, looked.stdout);
		t.is(looked.stdout, '');
		t.regex(
			looked.stderr,
			/^p2p-check: what became of 0000:03:00\.0 to 0000:04:00\.0 cannot be told, nor of \d+ others?: a verdict is unknown\n$/,
		);
		const {verdicts, missing} = JSON.parse(run('p2p-check', '--diff', file, root, '--json').stdout);
		t.deepEqual(verdicts, []);
		t.like(missing[0], {client: '0000:03:00.0', provider: '0000:04:00.0', after: 'unknown'});
	}
});

test('a capture whose bridges stand in a circle is read all the same', (t) => {
	const capture = JSON.parse(readFileSync(captureOf(t, machine(t, drawing())), 'utf8'));
	const parents: Readonly<Record<string, string>> = {
		'0000:02:00.0': '0000:03:00.0',
		'0000:00:01.0': '0000:00:01.0',
	};
	for (const it of capture.functions) it.parent = parents[it.bdf] ?? it.parent;
	const file = fileOf(JSON.stringify(capture));
	for (const words of [
		['p2p-check', '03:00.0', '04:00.0'],
		['p2p-list', '--all'],
		['p2p-topo'],
		['p2p-check', '--matrix'],
	] as const)
		t.true([0, 1, 5].includes(run(words[0], '--from', file, ...words.slice(1)).status ?? -1));
});

test('a capture cannot write control characters to a terminal', (t) => {
	const capture = JSON.parse(readFileSync(captureOf(t, machine(t, drawing())), 'utf8'));
	capture.machine.kernel = '7.1\u001b[2J';
	const {status, stderr} = run('p2p-list', '--from', fileOf(JSON.stringify(capture)));
	t.is(status, 2);
	t.regex(stderr, /machine\.kernel is not text/);
});
