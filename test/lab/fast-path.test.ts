// SPDX-License-Identifier: MIT
// The fast path, counted: eight times the requests cost no more system calls, allocations or locks.
// Small requests (MDTS of 8 KiB) make many of them.

import test from 'ava';
import {useLab} from '../helpers/lab.ts';

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

type Counts = {requests: number; allocations: number; locks: number; calls: number};

const program = 'native/build/Release/fast_path';

async function counts(length: number, ends: string): Promise<Counts> {
	const {status, stdout, stderr} = await lab.run(
		`strace -f -c -o /tmp/calls ${program} ${length} ${ends} && awk '$NF == "total" {print $(NF - 1), $(NF - 2)}' /tmp/calls`,
	);
	if (status !== 0) throw new Error(stderr);
	const [counted = '', total = ''] = stdout.split('\n');
	const [requests = 0, allocations = 0, locks = 0] = counted.split(' ').map(Number);
	// Without errors that column is empty.
	const [last = 0, before = 0] = total.split(' ').map(Number);
	return {
		requests,
		allocations,
		locks,
		calls: Math.max(last, Number.isInteger(before) ? before : 0),
	};
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
		// What goes by time (ten looks a second at the functions) goes on; a hundredth is none.
		t.true(many.calls - few.calls < more / 20, 'system calls');
		t.true(many.allocations - few.allocations < more / 20, 'allocations');
		t.true(many.locks - few.locks < more / 20, 'locks');
	});
}
