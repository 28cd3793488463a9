// SPDX-License-Identifier: MIT
// What goes wrong in the middle: signals, commands that do not complete, blocks that cannot be read
// or written. Whatever it is, functions fall silent first, and the next copy works.

import test, {type ExecutionContext} from 'ava';
import {fillRandom, nodeOf, readAt, shows, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;
const sector = 512;
/** Where `bad` cannot be read, and its second namespace not be written. */
const badAt = 20 * MiB;

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=96M
	    downstream
	      mem: ram 128M
	    downstream
	      bad: nvme size=64M namespaces=2
	    downstream
	      edu: edu
	    downstream
	      other: ram 16M
	    downstream
	      scripts: lsi
	    downstream
	      adapter: nic
	root-port
	  kernels: nvme size=64M
	`,
	{
		failing: {
			bad: {sector: badAt / sector, on: 'read'},
			'bad.2': {sector: badAt / sector, on: 'write'},
		},
	},
);

test.serial.before('the disks go to vfio-pci', async (t) => {
	// What the firmware left on is not to look like a copy.
	const off = 'for f in $disk $bad $edu $scripts $adapter; do setpci -s $f COMMAND=0:4; done';
	const {status, stderr} = await lab.run(`p2p-bind $disk $bad $edu $scripts $adapter && ${off}`);
	t.is(status, 0, stderr);
});

// Starts a program, waits until the functions named have Bus Master and some time more, sends the
// signals, and tells after how many milliseconds all have lost it and when and how the program ended.
const watcher = `
const {spawn} = require('node:child_process');
const {readFileSync} = require('node:fs');
const [functions, signals, delay, ...words] = process.argv.slice(1);
const nap = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const isMaster = (bdf) => (readFileSync('/sys/bus/pci/devices/' + bdf + '/config')[4] & 4) !== 0;
const names = functions.split(',');
const child = spawn(words[0], words.slice(1), {stdio: ['pipe', 'ignore', 'inherit']});
let ended, start;
child.on('exit', (code, signal) => { ended = {how: signal ?? code, endMs: Date.now() - start}; });
(async () => {
	while (!names.every(isMaster) && ended === undefined) await nap(20);
	await nap(Number(delay));
	start = Date.now();
	for (const signal of signals.split(',')) child.kill(signal), signals.includes(',') && await nap(5);
	while (names.some(isMaster)) await nap(1);
	const silentMs = Date.now() - start;
	while (ended === undefined) await nap(5);
	console.log(JSON.stringify({silentMs, ...ended}));
	process.exit();
})();
`;

type Ending = {silentMs: number; endMs: number; how: number | string};

async function interrupt(
	line: string,
	functions: string,
	{signals = 'SIGINT', delayMs = 1500} = {},
): Promise<Ending> {
	const {stdout, stderr} = await lab.run(
		`node -e "$watcher" "${functions}" ${signals} ${delayMs} ${line}`,
		{env: {watcher}},
	);
	if (stdout === '') throw new Error(stderr);
	return JSON.parse(stdout);
}

const silences: number[] = [];

/** The bounds are far wider than what is promised: the CPU is emulated, and others use it. */
function isPrompt(t: ExecutionContext, ending: Ending, how: string | number = 'SIGINT'): void {
	t.log(JSON.stringify(ending));
	silences.push(ending.silentMs);
	t.is(ending.how, how);
	t.true(ending.silentMs <= ending.endMs, 'Bus Master goes first');
	t.true(ending.silentMs < 10_000, `Bus Master went after ${ending.silentMs} ms`);
	t.true(ending.endMs < 30_000, `the end came after ${ending.endMs} ms`);
}

const interrupted: readonly (readonly [string, string, string, number?])[] = [
	['a copy into a BAR', 'p2p-copy $disk/ns1 $mem/bar2 --length 64M', '$disk'],
	[
		'a copy out of a BAR',
		'p2p-copy $mem/bar2 $disk/ns1 --length 64M --overwrite-signature --verify=none',
		'$disk',
	],
	['bringing up', 'p2p-copy $mem/bar2 $disk/ns1 --length 64M', '$disk', 0],
	['the look for signatures', 'p2p-copy $mem/bar2 $disk/ns1 --length 64M', '$disk'],
	[
		'a ring of two controllers',
		'p2p-copy $disk/ns1 $bad/ns2 --via $mem/bar2 --length 16M --verify=none',
		'$disk,$bad',
	],
	[
		'poison of a disk',
		'p2p-copy $mem/bar2 $disk/ns1 --length 64M --overwrite-signature',
		'$disk',
		100,
	],
	['verification', 'p2p-copy $disk/ns1 $mem/bar2 --length 8M --verify', '$disk', 3500],
	['a pipe that gives nothing', 'p2p-copy - $disk/ns1 --overwrite-signature', '$disk'],
	['an engine between BARs', 'p2p-copy $mem/bar2 $other/bar2 --length 64K --engine $edu', '$edu'],
	[
		'scripts between BARs',
		'p2p-copy $mem/bar2 $other/bar2 --engine $scripts --length 16M --verify',
		'$scripts',
		0,
	],
	[
		'frames between BARs',
		'p2p-copy $mem/bar2 $other/bar2 --engine $adapter --length 16M --verify',
		'$adapter',
		0,
	],
	['a benchmark', 'p2p-bench $disk/ns1 $mem/bar2+0 --sizes 128K --time 20000', '$disk', 4000],
];

for (const [what, line, functions, delayMs] of interrupted) {
	test.serial(`SIGINT in ${what}: Bus Master goes at once, the end comes soon`, async (t) => {
		await lab.slowDown('disk', 2 * MiB);
		const ending = await interrupt(line, functions, {delayMs: delayMs ?? 1500});
		await lab.slowDown('disk', 0);
		isPrompt(t, ending);
		await stillWorks(t);
	});
}

test.serial('SIGINT in a copy of a disk that the kernel keeps: the disk goes on', async (t) => {
	await lab.slowDown('kernels', 2 * MiB);
	const line = `p2p-copy ${nodeOf('kernels')} /tmp/out --length 32M --staged`;
	const result = await lab.run(`timeout -s INT 4 ${line}`);
	await lab.slowDown('kernels', 0);
	shows(t, result, {status: 124, stdout: '', stderr: ''});
	shows(t, await lab.run(line), {status: 0, stderr: ''});
});

test.serial('a second signal waits for nothing and keeps the order', async (t) => {
	await lab.slowDown('disk', 2 * MiB);
	const ending = await interrupt('p2p-copy $disk/ns1 $mem/bar2 --length 64M', '$disk', {
		signals: 'SIGINT,SIGTERM',
	});
	await lab.slowDown('disk', 0);
	isPrompt(t, ending);
	await stillWorks(t);
});

test.serial('Bus Master goes within a tenth of a second where nothing holds the CPU up', (t) => {
	t.true(Math.min(...silences) < 100, `${silences.join(', ')} ms`);
});

test.serial('a mapping ends with its COMMAND, which gets the signal', async (t) => {
	const line = 'p2p-map $disk $mem/bar2 -- sleep 100';
	for (const [signals, status] of [
		['SIGTERM', 143],
		['SIGHUP', 129],
	] as const)
		isPrompt(t, await interrupt(line, '$disk', {signals}), status);
});

for (const signal of ['SIGTERM', 'SIGHUP']) {
	test.serial(`${signal} ends a copy as SIGINT does`, async (t) => {
		await lab.slowDown('disk', 2 * MiB);
		const ending = await interrupt('p2p-copy $disk/ns1 $mem/bar2 --length 64M', '$disk', {
			signals: signal,
		});
		await lab.slowDown('disk', 0);
		isPrompt(t, ending, signal);
		await stillWorks(t);
	});
}

test.serial('a command that does not complete ends in 4, and the next copy works', async (t) => {
	await lab.slowDown('disk', 512);
	const line = 'p2p-copy $disk/ns1 $mem/bar2 --length 32M --timeout 1 --verify=none --json';
	const result = await lab.run(line);
	await lab.slowDown('disk', 0);
	const {failure} = JSON.parse(result.stdout);
	t.is(failure.code, 'P2P_TIMEOUT');
	t.regex(failure.facts.certain, /^\d+$/);
	shows(t, result, {
		status: 4,
		stderr:
			/^p2p-copy: \S+: Read at block \d+ of namespace 1, offset \d+ of the copy, did not end in time and (was aborted|could not be aborted: the controller was reset); (nothing is|the first \d+ bytes are) moved/,
	});
	await stillWorks(t);
});

test.serial('a block that cannot be read: where, and what is certain', async (t) => {
	const sent = fillRandom(lab.guest().image('bad'), 0, badAt);
	const result = await lab.run('p2p-copy $bad/ns1 $mem/bar2 --length 48M');
	shows(t, result, {
		status: 2,
		stdout: '',
		stderr: new RegExp(
			`: Read at block ${badAt / sector} of namespace 1, offset ${badAt} of the copy, failed: Unrecovered Read Error; the first ${badAt} bytes are moved\\n`,
		),
	});
	t.true(readAt(lab.guest().image('mem', 'ram'), 0, badAt).equals(sent));
	await stillWorks(t);
});

test.serial('with --verify the bytes before a bad block are proved', async (t) => {
	shows(t, await lab.run('p2p-copy $bad/ns1 $mem/bar2 --length 48M --verify'), {
		status: 2,
		stderr: new RegExp(`the first ${badAt} bytes are proved\\n`),
	});
});

test.serial('a block that cannot be written: where, and what is certain', async (t) => {
	const from = badAt - 4 * MiB;
	const sent = fillRandom(lab.guest().image('mem', 'ram'), 0, 4 * MiB);
	shows(t, await lab.run(`p2p-copy $mem/bar2 $bad/ns2+${from} --length 16M --verify=none`), {
		status: 2,
		stderr: new RegExp(
			`: Write at block ${badAt / sector} of namespace 2, offset ${4 * MiB} of the copy, failed: .+; the first ${4 * MiB} bytes are moved\\n`,
		),
	});
	t.true(readAt(lab.guest().image('bad.2'), from, 4 * MiB).equals(sent));
});

const rings: readonly (readonly [string, string, RegExp])[] = [
	['source', 'p2p-copy $bad/ns1 $disk/ns1', /Read at block 40960 of namespace 1, offset 20971520/],
	['sink', 'p2p-copy $disk/ns1 $bad/ns2', /Write at block 40960 of namespace 2, offset 20971520/],
];

for (const [end, line, sentence] of rings) {
	test.serial(`a bad block of a ring's ${end}: what came before it is certain`, async (t) => {
		const source = end === 'source' ? 'bad' : 'disk';
		const sink = end === 'source' ? 'disk' : 'bad.2';
		const sent = fillRandom(lab.guest().image(source), 0, badAt);
		const result = await lab.run(`${line} --via $mem/bar2 --length 48M --overwrite-signature`);
		shows(t, result, {status: 2, stderr: sentence});
		t.regex(result.stderr, new RegExp(`the first ${badAt} bytes are moved\\n`));
		t.true(readAt(lab.guest().image(sink), 0, badAt).equals(sent));
		await stillWorks(t);
	});
}

async function stillWorks(t: ExecutionContext): Promise<void> {
	shows(t, await lab.run('p2p-copy $disk/ns1 $mem/bar2 --length 4M --verify'), {status: 0});
}
