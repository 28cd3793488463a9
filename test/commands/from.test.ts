// SPDX-License-Identifier: MIT
// --from and --capture: machines on paper, in every wrapping, say what the machine itself says.

import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import {cut, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';

const drawing = `machine cpu=EPYC
root-port
  upstream
    downstream acs=rr
      nvme cmb=16M
    downstream acs=0
      ram 64M
`;

function folder(t: ExecutionContext): string {
	const path = mkdtempSync(join(tmpdir(), 'p2p-test-'));
	t.teardown(() => rmSync(path, {recursive: true}));
	return path;
}

function pairOf(...args: readonly string[]) {
	const {status, stdout, stderr} = run('p2p-check', '--json', ...args, '03:00.0', '04:00.0');
	return {status, stderr, pair: stdout === '' ? undefined : JSON.parse(stdout).pairs[0]};
}

/** Ways to hand the machine below root over; each gives the file. */
const wrappings: Readonly<Record<string, (root: string, into: string) => string>> = {
	'the tree itself': (root) => root,
	'its sys folder one level below': (root, into) => {
		spawnSync('cp', ['-a', root, join(into, 'inner')]);
		return into;
	},
	'a tar': (root, into) => tar(root, into, 'c', 'm.tar'),
	'a tar.gz': (root, into) => tar(root, into, 'cz', 'm.tgz'),
	'a tar.bz2': (root, into) => tar(root, into, 'cj', 'without-a-name'),
	'a tar.xz': (root, into) => tar(root, into, 'cJ', 'm.tar.xz'),
	'a capture': (root, into) => capture(root, into),
	'a gzipped capture of two members': (root, into) => {
		const text = readFileSync(capture(root, into));
		writeFileSync(
			join(into, 'm.gz'),
			Buffer.concat([gzipSync(text.subarray(0, 999)), gzipSync(text.subarray(999))]),
		);
		return join(into, 'm.gz');
	},
	'the drawing': (_, into) => {
		writeFileSync(join(into, 'm'), `# a drawing\n\n${drawing}`);
		return join(into, 'm');
	},
};

function tar(root: string, into: string, how: string, name: string): string {
	const file = join(into, name);
	spawnSync('tar', [`-${how}f`, file, '-C', root, 'sys', 'proc']);
	return file;
}

function capture(root: string, into: string): string {
	const file = join(into, 'capture.json');
	run('p2p-list', '--sysroot', root, '--capture', file);
	return file;
}

for (const [what, wrap] of Object.entries(wrappings)) {
	test(`${what} gives the same verdict as the machine`, (t) => {
		const root = machine(t, drawing);
		const wanted = pairOf('--sysroot', root);
		const {status, pair, stderr} = pairOf('--from', wrap(root, folder(t)));
		t.is(stderr, '');
		t.is(status, 0);
		t.is(pair.verdict, 'through-root');
		t.deepEqual(pair, wanted.pair);
	});
}

test('a capture comes through a pipe', (t) => {
	const root = machine(t, drawing);
	const text = run('p2p-list', '--sysroot', root, '--capture', '-').stdout;
	const {status, stdout} = spawnSync(
		process.execPath,
		['bin/p2p-check', '--from', '-', '03:00.0', '04:00.0'],
		{encoding: 'utf8', input: text},
	);
	t.is(status, 0);
	t.regex(stdout, /^through-root: /);
	t.regex(stdout, /^machine a capture: Linux 7\.3\.4/m);
});

test('p2p-list reads them too, and a capture of a capture is the same', (t) => {
	const root = machine(t, drawing);
	const file = capture(root, folder(t));
	const again = run('p2p-list', '--from', file, '--capture', '-');
	t.is(
		again.stdout.replace('"capture",\n\t\t"kernel"', '"sysroot",\n\t\t"kernel"'),
		readFileSync(file, 'utf8'),
	);
	t.is(run('p2p-list', '--from', file).stdout, run('p2p-list', '--sysroot', root).stdout);
});

test('a capture holds no serial number and no secrets of the command line', (t) => {
	const root = machine(
		t,
		`machine kernel="root=UUID=1234 ip=10.0.0.1::db7 pci=noats intel_iommu=on"\nroot-port\n  nvme`,
	);
	const text = run('p2p-list', '--sysroot', root, '--capture', '-').stdout;
	t.is(JSON.parse(text).machine.commandLine, 'pci=noats intel_iommu=on');
	t.notRegex(text, /1234|db7/);
});

test('a capture without privilege warns, and its verdict is unknown', (t) => {
	const root = machine(t, drawing);
	for (const bdf of ['0000:02:00.0', '0000:02:01.0']) cut(root, bdf);
	const file = join(folder(t), 'm.json');
	const {status, stderr} = run('p2p-list', '--sysroot', root, '--capture', file);
	t.is(status, 0);
	t.regex(stderr, /^p2p-list: warning: the ACS of 2 functions could not be read/);
	t.is(pairOf('--from', file).status, 5);
});

test('--kernel and --cpu are the user’s to say, and are said to be assumed', (t) => {
	const root = machine(t, drawing.replace('EPYC', 'Nehalem'));
	t.is(pairOf('--sysroot', root).status, 1);
	t.is(pairOf('--sysroot', root, '--cpu', 'zen').status, 0);
	t.is(pairOf('--sysroot', root, '--cpu', 'AuthenticAMD:0x19').status, 0);
	t.is(pairOf('--sysroot', root, '--cpu', 'HygonGenuine:24').status, 1);
	t.is(pairOf('--sysroot', root, '--cpu', 'zen', '--kernel', '4.19').status, 1);
	const {stdout} = run(
		'p2p-check',
		...['--sysroot', root, '--cpu', 'zen', '--kernel', '6.12', '03:00.0', '04:00.0'],
	);
	t.regex(stdout, /^machine a copy of sysfs: Linux 6\.12 \(assumed\), CPU unknown \(assumed\)$/m);
});

const mistakes: readonly (readonly [args: readonly string[], says: RegExp])[] = [
	[['--from', '/nonexistent'], /\/nonexistent: no such file/],
	[['--from', '/usr/share'], /\/usr\/share holds no machine: sys\/bus\/pci\/devices is missing/],
	[['--from', 'package.json'], /package\.json is JSON, but no capture/],
	[['--from', 'package.json', '--sysroot', '/'], /--sysroot|cannot also be provided/],
	[['--kernel', 'new'], /'new' is no kernel release/],
	[['--cpu', 'fast'], /'fast' is no CPU/],
	[['--from', 'README.md'], /README\.md holds no PCI function/],
];

for (const [args, says] of mistakes) {
	test(`p2p-check ${args.join(' ')} ends in 2 with one sentence`, (t) => {
		const {status, stdout, stderr} = run('p2p-check', ...args, '03:00.0', '04:00.0');
		t.is(status, 2);
		t.is(stdout, '');
		t.regex(stderr, says);
	});
}

const spoilt: readonly (readonly [what: string, spoil: (text: string) => string, says: RegExp])[] =
	[
		['cut short', (text) => text.slice(0, 500), /is no sound JSON/],
		['of another version', (text) => text.replace('"version": 1', '"version": 2'), /of version 2/],
		[
			'with letters for registers',
			(text) => text.replace(/"config":"../, '"config":"zz'),
			/functions\[0\]\.config is not pairs of hexadecimal digits/,
		],
		['with a name for a bdf', (text) => text.replace('"0000:01:00.0"', '"nvme0"'), /\.bdf is not/],
		[
			'with a list for a link',
			(text) => text.replace(/"link":\{[^}]*\}/, '"link":[]'),
			/functions\[0\]\.link is not an object/,
		],
		[
			'with a number for functions',
			(text) => text.replace(/"functions": \[/, '"functions": 7, "x": ['),
			/functions is not a list/,
		],
	];

for (const [what, spoil, says] of spoilt) {
	test(`a capture ${what} is refused`, (t) => {
		const file = capture(machine(t, drawing), folder(t));
		writeFileSync(file, spoil(readFileSync(file, 'utf8')));
		const {status, stderr} = pairOf('--from', file);
		t.is(status, 2);
		t.regex(stderr, says);
	});
}
