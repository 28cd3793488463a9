// SPDX-License-Identifier: MIT
// The fast path, counted: eight times the requests cost no more system calls, allocations or locks.
// Small requests (MDTS of 8 KiB) make many of them.

import test from 'ava';
import {untilCopying, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=64M mdts=1
	    downstream
	      mem: ram 64M
	    downstream
	      sink: nvme size=64M mdts=1
	`,
);

test.serial.before('the disks go to vfio-pci', async (t) => {
	const {status, stderr} = await lab.run('p2p-bind $disk $sink');
	t.is(status, 0, stderr);
});

type Counts = Record<'requests' | 'allocations' | 'locks' | 'calls' | 'waits' | 'ms', number>;

const program = 'native/build/Release/fast_path';
/** What somebody calls who has nothing to do: how often depends on the device. */
const waiting = ['poll', 'read', 'clock_nanosleep'];
/** Of any sort at each of ten looks a second at the functions. */
const perLook = 10;

async function counts(length: number, ends: string): Promise<Counts> {
	const {status, stdout, stderr} = await lab.run(
		`strace -f -c -U calls,name -o /tmp/calls ${program} ${length} ${ends} && cat /tmp/calls`,
	);
	if (status !== 0) throw new Error(stderr);
	const [counted = '', ...table] = stdout.split('\n');
	const [requests = 0, allocations = 0, locks = 0, ms = 0] = counted.split(' ').map(Number);
	const rows = table.flatMap((line) => {
		const [, count, name = ''] = /^ *(\d+) (\w+)$/.exec(line) ?? [];
		return count === undefined || name === 'total' ? [] : [{count: Number(count), name}];
	});
	const sum = (isWait: boolean) =>
		rows
			.filter(({name}) => waiting.includes(name) === isWait)
			.reduce((total, {count}) => total + count, 0);
	const [calls, waits] = [sum(false), sum(true)];
	if (calls === 0) throw new Error(`strace counted nothing: ${stdout}`);
	return {requests, allocations, locks, calls, waits, ms};
}

for (const [what, ends] of [
	['one client and a BAR', '$disk/1 $mem/2'],
	['two clients and a ring', '$disk/1 $mem/2 $sink/1'],
] as const) {
	test.serial(`${what}: nothing is called, allocated or locked per request`, async (t) => {
		const few = await counts(4 * MiB, ends);
		const many = await counts(32 * MiB, ends);
		t.log(JSON.stringify({few, many}));
		const more = many.requests - few.requests;
		t.true(more >= 3000);
		// One for twenty requests is none; what goes by time goes on, on a slow machine longer.
		const byTime = Math.min((Math.max(many.ms - few.ms, 0) / 100) * perLook, more / 4);
		for (const what of ['calls', 'allocations', 'locks'] as const)
			t.true(many[what] - few[what] < more / 20 + byTime, `${what}: ${few[what]}, ${many[what]}`);
		t.true(many.waits - few.waits < more, `it sleeps for many at once: ${many.waits}`);
	});
}

test.serial('a slow disk is waited for by its interrupts', async (t) => {
	await lab.slowDown('disk', MiB);
	const {status, stdout, stderr} = await lab.run(
		`p2p-copy $disk/ns1 $mem/bar2 --length 8M --depth 1 --queues 1 & ${untilCopying}; grep vfio-msix /proc/interrupts; sleep 2; grep vfio-msix /proc/interrupts; wait $!`,
	);
	await lab.slowDown('disk', 0);
	t.is(status, 0, stderr);
	const [before = 0, after = 0] = stdout.split('\n').map(interrupts);
	t.true(after > before, stdout);
});

/** Of all CPUs, in a line of /proc/interrupts. */
function interrupts(line: string): number {
	const [, counts = ''] = /^ *\d+:([ \d]+)/.exec(line) ?? [];
	return counts.split(/ +/).reduce((sum, count) => sum + Number(count), 0);
}
