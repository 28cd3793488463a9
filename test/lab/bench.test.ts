// SPDX-License-Identifier: MIT
// p2p-bench on emulated devices: what it measures is QEMU, that it measures is the point.

import test from 'ava';
import {fillRandom, readAt, shows, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=64M
	    downstream
	      mem: ram 64M
	root-port
	  far: ram 16M
	`,
);

test.serial.before('the disk goes to vfio-pci', async (t) => {
	const {status, stderr} = await lab.run('p2p-bind $disk');
	t.is(status, 0, stderr);
});

test.serial('without operands it names the pairs and touches nothing', async (t) => {
	const before = readAt(lab.guest().image('mem', 'ram'), 0, MiB);
	const result = await lab.run('p2p-bench');
	shows(t, result, {status: 0, stderr: ''});
	t.regex(result.stdout, /^p2p-bench \S+\/ns1 \S+\/bar2\+0\n$/);
	t.true(readAt(lab.guest().image('mem', 'ram'), 0, MiB).equals(before));
});

test.serial('peer-to-peer and staged are measured side by side, in the range only', async (t) => {
	const beside = fillRandom(lab.guest().image('mem', 'ram'), 8 * MiB, MiB);
	const line = 'p2p-bench $disk/ns1 $mem/bar2+0 --length 8M --sizes 4K,128K --depths 1,8';
	const result = await lab.run(`${line} --time 50 --runs 2 --json --svg /tmp/plot.svg`);
	shows(t, result, {status: 0, stderr: ''});
	const [{plan, rows, samples}] = JSON.parse(result.stdout).pairs;
	t.is(plan.way, 'peer');
	t.is(samples.length, 2 * 2 * 2 * 2);
	for (const row of rows) {
		t.true(row.peer > 0 && row.staged > 0 && row.medianNs > 0);
		t.true(row.percentile99Ns >= row.medianNs);
		t.true(row.peerCpuPerGB > 0);
	}
	t.true(readAt(lab.guest().image('mem', 'ram'), 8 * MiB, MiB).equals(beside));
	shows(t, await lab.run('head -c 5 /tmp/plot.svg'), {status: 0, stdout: '<svg '});
	shows(t, await lab.run(`${line} --time 20 --runs 1`), {
		status: 0,
		stdout: /^\S+ → \S+: direct.*\n +SIZE +DEPTH/,
	});
});

const refusals: readonly (readonly [string, number, RegExp])[] = [
	['p2p-bench $disk/ns1', 2, /missing operand/],
	['p2p-bench $disk/ns1 $mem/bar2', 2, /bar2\+0/],
	['p2p-bench $mem/bar2+0 $disk/ns1', 2, /namespace/],
	['p2p-bench $disk/ns1 $far/bar2+0', 1, /does not reach/],
	['p2p-bench $disk/ns1 $mem/bar2+0 --length 1G', 2, /largest length/],
	['p2p-bench $disk/ns1 $mem/bar2+0 --sizes 1000', 2, /multiples of 512/],
	['p2p-bench $disk/ns1 $mem/bar2+0 --depths 0', 2, /1 to 256/],
];

for (const [line, status, sentence] of refusals) {
	test.serial(`refused with status ${status}: ${line}`, async (t) => {
		shows(t, await lab.run(line), {status, stdout: '', stderr: sentence});
	});
}
