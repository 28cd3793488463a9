// SPDX-License-Identifier: MIT
// A guest: the machine that was drawn, and commands that run in it as they would outside.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import test from 'ava';
import {boot, type Guest} from '../../lab/boot.ts';
import {lostOne} from '../../lab/hang.ts';
import {findMachine} from '../../lab/machines.ts';
import {isControl} from '../../lab/qemu.ts';
import {run} from '../helpers/program.ts';

const machine = `
	root-port
	  upstream
	    downstream acs=rr,cr
	      disk: nvme cmb=16M namespaces=2 lba=4096
	    downstream acs=0
	      mem: ram 64M
	slot: root-port
	  screen: display
	host-bridge
	  root-port
	    far: edu functions=2
`;

const folder = mkdtempSync(join(tmpdir(), 'p2p-test-'));
let guest: Guest;

test.before(async () => {
	guest = await boot(machine);
});

test.after.always(async () => {
	await guest?.stop();
	rmSync(folder, {recursive: true});
});

test.serial('the guest has the drawn functions, each at its place', async (t) => {
	const show = 'cd /sys/bus/pci/devices; for d in *; do echo $d $(cat $d/class); done';
	const {stdout} = await guest.run(show);
	const found = stdout.trim().split('\n');
	const drawn = found.filter((line) => !isControl(...(line.split(' ') as [string, string])));
	t.deepEqual(
		drawn.map((line) => line.split(' ')[0] ?? ''),
		guest.placed.map(({bdf}) => bdf).sort(),
	);
});

test.serial('the kernel paths of place() are those of the kernel', async (t) => {
	for (const {bdf, path} of guest.placed.filter(({path}) => path.includes('/'))) {
		const {stdout} = await guest.run(['readlink', `/sys/bus/pci/devices/${bdf}`]);
		const steps = stdout
			.trim()
			.replace(/^.*pci[\da-f:]+\//, '')
			.split('/');
		const [first, ...rest] = steps.map((step, index) => (index === 0 ? step : step.slice(-4)));
		t.is([first, ...rest].join('/'), path);
	}
});

test.serial('a label is a variable that holds the bdf', async (t) => {
	const {stdout} = await guest.run('echo $disk $mem $far_1');
	t.is(stdout, '0000:03:00.0 0000:04:00.0 0000:81:00.1\n');
	t.like(guest.env, {disk: '0000:03:00.0', far: '0000:81:00.0'});
});

test.serial('disks have their driver and their namespaces, the rest is left free', async (t) => {
	const {stdout} = await guest.run(
		'cd /sys/bus/pci/devices; for f in $disk $mem $screen; do basename $(readlink $f/driver || echo none); done; ls /dev/nvme0n*; cat /sys/block/nvme0n2/queue/logical_block_size',
	);
	t.is(stdout, 'nvme\nnone\nnone\n/dev/nvme0n1\n/dev/nvme0n2\n4096\n');
});

test.serial('stdout, stderr and the exit status are the command’s own', async (t) => {
	t.like(await guest.run('echo out; echo err >&2; exit 42'), {
		status: 42,
		stdout: 'out\n',
		stderr: 'err\n',
	});
	t.is((await guest.run('kill -9 $$')).status, 137);
	t.is((await guest.run(['/nowhere/x'])).status, 127);
	t.is((await guest.run(['no-such-program'])).status, 127);
	t.is((await guest.run([join(folder)])).status, 126);
});

test.serial('words reach the command as they are', async (t) => {
	const words = ["a 'b'", '$disk', '', '\\n', 'ü\n', '*'];
	const {stdout} = await guest.run(['printf', '%s|', ...words], {env: {A: "it's"}});
	t.is(stdout, words.map((word) => `${word}|`).join(''));
	t.is((await guest.run('printf "$A"', {env: {A: "it's"}})).stdout, "it's");
});

test.serial('a megabyte of bytes passes in and out unchanged', async (t) => {
	const bytes = Buffer.from(Uint8Array.from({length: 1 << 20}, (_, i) => (i * 7919) >> 5));
	const {stdoutBytes} = await guest.run(['cat'], {stdin: bytes});
	t.true(stdoutBytes.equals(bytes));
	const halves = Readable.from([bytes.subarray(0, 1 << 19), bytes.subarray(1 << 19)]);
	t.true((await guest.run(['cat'], {stdin: halves})).stdoutBytes.equals(bytes));
});

test.serial('output comes while the command still runs', async (t) => {
	let first = 0;
	const onStdout = () => {
		first ||= Date.now();
	};
	await guest.run('echo now; sleep 1', {onStdout});
	t.true(Date.now() - first > 700);
});

test.serial('a command that hangs is killed, and the next one runs', async (t) => {
	t.like(await guest.run('sleep 60 & sleep 60', {timeoutMs: 500}), {status: 124, timedOut: true});
	t.like(await guest.run('trap "" TERM; while :; do :; done', {timeoutMs: 300}), {status: 124});
	t.is((await guest.run('echo still here')).stdout, 'still here\n');
});

test.serial('a process left behind does not hold up or disturb the next command', async (t) => {
	t.is((await guest.run('(sleep 3; echo late) & echo early')).stdout, 'early\n');
	t.is((await guest.run('sleep 3; echo next')).stdout, 'next\n');
});

test.serial('what the guest writes to the host’s files stays in the guest', async (t) => {
	const file = join(folder, 'written');
	t.is((await guest.run(`echo x >${file}; cat ${file}`)).stdout, 'x\n');
	t.false(existsSync(file));
	t.is((await guest.run('pwd')).stdout, `${process.cwd()}\n`);
});

test.serial('modules of the guest’s kernel can be loaded', async (t) => {
	t.is((await guest.run('modprobe loop && test -e /dev/loop-control')).status, 0);
});

test.serial(
	'a second guest runs beside the first, and the image keeps what it wrote',
	async (t) => {
		const file = join(folder, 'disk.img');
		writeFileSync(file, Buffer.alloc(1 << 20));
		const second = await boot('disk: nvme', {
			disks: {disk: {file, snapshot: false}},
			iommu: 'none',
			trace: ['pci_nvme_write'],
		});
		t.is((await second.run('printf peer | dd of=/dev/nvme0n1 conv=notrunc')).status, 0);
		t.is((await second.run('ls /sys/kernel/iommu_groups | wc -l')).stdout, '0\n');
		await second.stop();
		await second.ended;
		t.is(readFileSync(file).toString('latin1', 0, 4), 'peer');
		t.is((await guest.run('true')).status, 0);
	},
);

test.serial('the screen shows what its memory holds', async (t) => {
	const file = join(folder, 'screen.png');
	await guest.screenshot(file);
	const picture = readFileSync(file);
	t.is(picture.toString('latin1', 1, 4), 'PNG');
	t.deepEqual([picture.readUInt32BE(16), picture.readUInt32BE(20)], [1024, 768]);
});

test.serial(
	'a picture that cannot be made is said in one sentence, and leaves nothing behind',
	(t) => {
		for (const [words, status, sentence] of [
			[['--machine=acs', '--screenshot=x.png'], 2, 'the machine has no display'],
			[['--machine=/tmp'], 2, '/tmp is a folder'],
			[['--screenshot=/nope/x.png', '--', 'true'], 125, 'no picture of the display: QEMU: .*'],
		] as const) {
			const ended = run('p2p-lab', ...words);
			t.is(ended.status, status);
			t.regex(ended.stderr, new RegExp(`^(p2p-lab: .*\n)*p2p-lab: ${sentence}\n$`));
		}
	},
);

test.serial('QEMU answers through both of its monitors', async (t) => {
	t.like(await guest.qmp('query-status'), {running: true});
	t.regex(await guest.hmp('info version'), /\d+\.\d+/);
	await t.throwsAsync(guest.qmp('no-such-command'), {message: /^QEMU: /});
});

test.serial(
	'when the program that booted it is killed, the guest is gone and its folder is swept',
	async (t) => {
		const script = `import {boot} from ${JSON.stringify(new URL('../../lab/boot.js', import.meta.url).href)};
		await boot('edu');
		console.log('up');
		setInterval(() => {}, 1000);`;
		const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
		await once(child.stdout, 'data');
		const name = `p2p-lab-${child.pid}-`;
		const folders = () => readdirSync(tmpdir()).filter((found) => found.startsWith(name));
		t.is(folders().length, 1);
		t.is(processesWith(name).length, 1);
		child.kill('SIGKILL');
		await once(child, 'exit');
		const next = await boot(findMachine('two-roots'));
		t.is((await next.run(['printenv', 'far'])).stdout, '0000:81:00.0\n');
		await next.stop();
		t.deepEqual([...folders(), ...processesWith(name)], []);
	},
);

test.serial('a guest that has ended says so', async (t) => {
	const third = await boot('edu');
	const run = third.run('sleep 60');
	await third.stop();
	await t.throwsAsync(run, {message: /^the guest has ended, (status 0|SIGKILL)/});
	await t.throwsAsync(third.run('true'), {message: /^the guest has ended, (status 0|SIGKILL)/});
});

test.serial('a guest that no longer answers is ended, and says so', async (t) => {
	const fourth = await boot('edu');
	await fourth.qmp('stop');
	const message = 'the guest no longer answers';
	await t.throwsAsync(fourth.run('true', {timeoutMs: 500}), {message});
	await t.throwsAsync(fourth.run('true'), {message: 'the guest has ended, SIGKILL'});
	await fourth.stop();
});

test.serial(
	'of processors that are halted none is in an interrupt, unless one was lost',
	async (t) => {
		const registers = await guest.hmp('info registers -a');
		const lapics = await Promise.all([0, 1].map((number) => guest.hmp(`info lapic ${number}`)));
		t.is(registers.split(/\bHLT=[01]\b/).length, 3);
		for (const lapic of lapics) t.regex(lapic, /^ISR\s+(\(none\)|\d+)/m);
		// Of a guest that had lost one, in part.
		const halted = registers.replace(/\bHLT=0\b/g, 'HLT=1');
		const lost = 'LVTT\t 0x000000ec active-hi edge\nISR\t 236 \nIRR\t 36 39 236 \n';
		t.is(lostOne(halted, ['ISR\t (none)\n', lost]), 'interrupt 236 of processor 1');
		t.is(
			lostOne(halted.replace(/\bHLT=1\b(?![\s\S]*\bHLT=1\b)/, 'HLT=0'), ['ISR\t (none)\n', lost]),
			undefined,
		);
		t.is(lostOne(halted, ['ISR\t (none)\n', 'ISR\t (none)\n']), undefined);
	},
);

test.serial('none of this troubled the guest’s kernel', async (t) => {
	t.deepEqual(await guest.faults(), []);
});

function processesWith(word: string): string[] {
	return readdirSync('/proc').filter((pid) => {
		try {
			return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(word);
		} catch {
			return false;
		}
	});
}
