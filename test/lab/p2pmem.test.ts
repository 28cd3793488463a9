// SPDX-License-Identifier: MIT
// Disks that the kernel's driver has, copied through the kernel's pool of peer memory; on a machine
// where that is right, and on one where QEMU loses every byte and calls it success.

import test from 'ava';
import {fillRandom, nodeOf, readAt, shows, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	machine iommu=intel kernel="iommu=pt"
	root-port
	  upstream
	    downstream
	      a: nvme size=64M cmb=16M
	    downstream
	      b: nvme size=64M
	    downstream
	      mem: ram 16M
	root-port
	  far: nvme size=64M cmb=16M
	`,
);

// The disks' nodes, by their labels.
const nodes = `A=${nodeOf('a')} B=${nodeOf('b')} F=${nodeOf('far')};`;

test.serial(
	'a disk of the kernel to another, by the nearest pool that both may reach',
	async (t) => {
		const sent = fillRandom(lab.guest().image('a'), MiB, 8 * MiB);
		const result = await lab.run(`${nodes} p2p-copy $A+1M $B+2M --length 8M --verify --json`);
		shows(t, result, {status: 0, stderr: ''});
		const {plan, result: done} = JSON.parse(result.stdout);
		t.is(plan.mechanism, 'p2pmem');
		t.is(plan.via.function, plan.legs[0].client);
		t.is(done.verifiedBytes, 8 * MiB);
		t.true(readAt(lab.guest().image('b'), 2 * MiB, 8 * MiB).equals(sent));
	},
);

test.serial('a disk of the kernel to a file and back', async (t) => {
	const sent = fillRandom(lab.guest().image('b'), 0, 2 * MiB);
	shows(t, await lab.run(`${nodes} p2p-copy $B /tmp/b --via $a --length 2M --verify`), {
		status: 0,
		stderr: '',
	});
	shows(t, await lab.run(`${nodes} p2p-copy /tmp/b $B+32M --via $a --verify`), {
		status: 0,
		stderr: '',
	});
	t.true(readAt(lab.guest().image('b'), 32 * MiB, 2 * MiB).equals(sent));
});

test.serial('through host memory, where that was asked for', async (t) => {
	const sent = fillRandom(lab.guest().image('a'), 0, 4 * MiB);
	const line = `${nodes} p2p-copy $A $F --staged --length 4M --verify --progress`;
	shows(t, await lab.run(line), {status: 0, stderr: /not peer-to-peer/});
	t.true(readAt(lab.guest().image('far'), 0, 4 * MiB).equals(sent));
});

const refusals: readonly (readonly [string, number, RegExp])[] = [
	['p2p-copy $A $B --via $b --length 4K', 2, /offers no p2pmem/],
	['p2p-copy $A $B --via $far --length 4K', 1, /does not reach/],
	['p2p-copy $A $mem/bar2 --length 4K', 2, /reaches no BAR[\s\S]*p2p-bind/],
	['p2p-copy $A+100 $B --length 4K', 2, /512/],
	['p2p-copy $A-none $B --length 4K', 2, /no such file/i],
	['mkfs.ext4 -q $B && mount $B /mnt; p2p-copy $A $B --length 4K', 1, /mounted.*\/mnt/],
	['umount /mnt; p2p-copy $A $B --length 4K', 1, /ext4/],
];

for (const [line, status, sentence] of refusals) {
	test.serial(`refused with status ${status}: ${line}`, async (t) => {
		const result = await lab.run(`${nodes} ${line}`);
		shows(t, result, {status, stdout: '', stderr: sentence});
	});
}
