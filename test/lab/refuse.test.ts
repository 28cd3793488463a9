// SPDX-License-Identifier: MIT
// Machines on which a copy cannot be: a group that somebody else has a part of, and no IOMMU.

import test from 'ava';
import {boot} from '../../lab/boot.ts';
import {shows, useLab} from '../helpers/lab.ts';

const lab = useLab(
	test,
	`
	root-port acs=-
	  disk: nvme size=16M functions=2
	root-port
	  mem: ram 16M
	`,
);

test.serial(
	'a group that is not viable: the other members and their drivers are named',
	async (t) => {
		shows(t, await lab.run('p2p-bind $disk'), {status: 0, stderr: /not usable|viable|cannot use/});
		const result = await lab.run('p2p-copy $disk/ns1 $mem/bar2 --length 4K --allow not-supported');
		shows(t, result, {status: 2, stdout: '', stderr: /IOMMU group \d+.*01:00\.1.*nvme/});
	},
);

test.serial('no function offers p2pmem: what else goes is said', async (t) => {
	shows(t, await lab.run('p2p-copy /dev/nvme1n1 /tmp/x --length 4K; s=$?; ls /tmp/x; exit $s'), {
		status: 2,
		stdout: '',
		stderr: /no function offers p2pmem[\s\S]*--staged/,
	});
});

test.serial('an unknown kernel module is no driver', async (t) => {
	const before = (await lab.run('ls -l /sys/bus/pci/devices/$mem')).stdout;
	shows(t, await lab.run('p2p-bind $mem --driver nosuchdriver'), {
		status: 2,
		stdout: '',
		stderr: /nosuchdriver/,
	});
	t.is((await lab.run('ls -l /sys/bus/pci/devices/$mem')).stdout, before);
});

test.serial('stdout that cannot be written is said and seen in the status', async (t) => {
	shows(t, await lab.run('p2p-list >/dev/full'), {status: 2, stderr: /write error/});
	shows(t, await lab.run('p2p-check $disk $mem --json >/dev/full'), {
		status: 2,
		stderr: /write error/,
	});
});

test.serial('without an IOMMU the copy says so, and the list works', async (t) => {
	const guest = await boot(
		'machine iommu=none\nroot-port\n  disk: nvme size=16M\nroot-port\n  mem: ram 16M\n',
	);
	try {
		const result = await guest.run(
			'p2p-copy $disk/ns1 $mem/bar2 --length 4K --allow not-supported',
		);
		shows(t, result, {status: 2, stdout: '', stderr: /IOMMU is off[\s\S]*intel_iommu=on/});
		shows(t, await guest.run('p2p-list'), {status: 0, stdout: /nvme/, stderr: ''});
	} finally {
		await guest.stop();
	}
});
