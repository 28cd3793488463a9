// SPDX-License-Identifier: MIT
// Copies over iommufd: functions by their character devices, the provider's BAR as a dma-buf.

import test from 'ava';
import {fillRandom, readAt, shows, untilCopying, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=96M cmb=16M
	    downstream
	      mem: ram 128M
	    downstream
	      other: nvme size=96M
	    downstream
	      bare: ram 16M
	`,
);

test.serial.before('disks and memory go to vfio-pci', async (t) => {
	const {status, stderr} = await lab.run('p2p-bind $disk $other $mem');
	t.is(status, 0, stderr);
});

async function planOf(line: string) {
	return JSON.parse((await lab.run(`p2p-copy ${line} --json --length 1M`)).stdout).plan;
}

test.serial('64 MiB go each way, every byte, and the mechanism is named', async (t) => {
	const sent = fillRandom(lab.guest().image('disk'), 1536, 64 * MiB);
	const line = 'p2p-copy $disk/ns1+1536 $mem/bar2+0x1004 --length 64M --verify --progress';
	shows(t, await lab.run(line), {status: 0, stderr: /mapped by iommufd/});
	t.true(readAt(lab.guest().image('mem', 'ram'), 0x1004, 64 * MiB).equals(sent));
	shows(t, await lab.run('p2p-copy $mem/bar2+0x1004 $other/ns1+4K --length 64M --verify'), {
		status: 0,
		stderr: '',
	});
	t.true(readAt(lab.guest().image('other'), 4096, 64 * MiB).equals(sent));
});

test.serial('iommufd is taken where it will do, type1 elsewhere or when asked for', async (t) => {
	t.is((await planOf('$disk/ns1 $mem/bar2')).mechanism, 'iommufd');
	t.is((await planOf('$disk/ns1 $mem/bar2 --mechanism type1')).mechanism, 'type1');
	t.is((await planOf('$disk/ns1 $bare/bar2')).mechanism, 'type1');
	t.is((await planOf('$disk/ns1 /dev/null')).space, 'iommufd');
	shows(t, await lab.run('p2p-copy $disk/ns1 $bare/bar2 --length 1M --mechanism iommufd'), {
		status: 2,
		stdout: '',
		stderr: /not on vfio-pci[\s\S]*p2p-bind/,
	});
	const {pairs} = JSON.parse((await lab.run('p2p-check $disk $mem --json')).stdout);
	t.is(pairs[0].vfio.mechanism, 'iommufd');
});

test.serial("a controller's own CMB lies between two namespaces", async (t) => {
	const sent = fillRandom(lab.guest().image('disk'), 0, 2 * MiB);
	shows(t, await lab.run('p2p-copy $disk/ns1 $other/ns1 --length 2M --verify --progress'), {
		status: 0,
		stderr: /iommufd/,
	});
	t.true(readAt(lab.guest().image('other'), 0, 2 * MiB).equals(sent));
});

for (const [first, second] of [
	['iommufd', 'iommufd'],
	['iommufd', 'type1'],
	['type1', 'iommufd'],
] as const) {
	test.serial(`a function held by ${first} is busy for ${second}`, async (t) => {
		const held = `p2p-map $disk $mem/bar2 --mechanism ${first} -- sh -c`;
		const line = `p2p-copy $disk/ns1 $mem/bar2 --length 4K --mechanism ${second}`;
		shows(t, await lab.run(`${held} '${line}'`), {status: 2, stdout: '', stderr: /busy/});
	});
}

for (const [signal, status] of [
	['INT', 130],
	['KILL', 137],
] as const) {
	test.serial(`after SIG${signal} in the middle the next copy works`, async (t) => {
		await lab.slowDown('disk', 8 * MiB);
		const copy = 'p2p-copy $disk/ns1 $mem/bar2 --length 64M';
		const result = await lab.run(`${copy} & ${untilCopying}; kill -${signal} $!; wait $!`);
		t.is(result.status, status, result.stderr);
		await lab.slowDown('disk', 0);
		shows(t, await lab.run(`${copy} --verify`), {status: 0, stderr: ''});
	});
}
