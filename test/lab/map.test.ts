// SPDX-License-Identifier: MIT
// p2p-map for real: what COMMAND gets, what it costs when refused, and that a transfer's address
// leads to the provider's BAR and nowhere else.

import test from 'ava';
import {shows, useLab} from '../helpers/lab.ts';

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=64M
	    downstream
	      mem: ram 16M
	root-port
	  far: ram 16M
	`,
	{trace: ['vtd_dmar_translate']},
);

test.serial.before('the disk goes to vfio-pci', async (t) => {
	const {status, stderr} = await lab.run('p2p-bind $disk');
	t.is(status, 0, stderr);
});

test.serial(
	'the iova of a copy is translated to the BAR of the provider, not to host memory',
	async (t) => {
		const from = lab.guest().qemuLog().length;
		const result = await lab.run('p2p-copy $disk/ns1 $mem/bar2 --length 1M --verify=none --json');
		shows(t, result, {status: 0});
		const {result: done, plan} = JSON.parse(result.stdout);
		t.is(done.iova, plan.to.busAddress);
		const start = Number(done.iova);
		const translated = [
			...lab
				.guest()
				.qemuLog()
				.slice(from)
				.matchAll(/vtd_dmar_translate dev 03:00\.00 iova (0x\w+) -> gpa (0x\w+)/g),
		].map(([, iova, gpa]) => [Number(iova), Number(gpa)] as const);
		const ofData = translated.filter(([iova]) => iova >= start && iova < start + (1 << 20));
		t.true(ofData.length > 0, 'the engine never emitted the address');
		t.deepEqual(
			ofData.filter(([iova, gpa]) => iova !== gpa),
			[],
		);
	},
);

test.serial('without COMMAND it maps, says how, and gives back', async (t) => {
	const result = await lab.run('p2p-map $disk $mem/bar2+1M --length 1M --json');
	shows(t, result, {status: 0, stderr: ''});
	const {iova, busAddress, length, addressKind} = JSON.parse(result.stdout);
	t.deepEqual({length, addressKind}, {length: 1 << 20, addressKind: 'bus-address'});
	t.is(iova, busAddress);
	shows(t, await lab.run('p2p-map $disk $mem/bar2'), {status: 0, stdout: /^iova +0x/});
});

test.serial(
	'COMMAND finds the mapping in its environment and the device at its descriptor',
	async (t) => {
		shows(t, await lab.run('p2p-map $disk $mem/bar2 --host-memory 100G -- true'), {
			status: 125,
			stderr: /100 GiB of host memory were asked for, and .* are available\n$/,
		});
		const line = `p2p-map $disk $mem/bar2 --host-memory 1M -- sh -c 'echo $P2P_IOVA $P2P_BUS_ADDRESS $P2P_LENGTH; readlink /proc/self/fd/$P2P_CLIENT_FD /proc/self/fd/$P2P_HOST_FD; exit 7'`;
		const {status, stdout, stderr} = await lab.run(line);
		t.is(status, 7, stderr);
		const [facts = '', client, host] = stdout.split('\n');
		const [iova, busAddress, length] = facts.split(' ');
		t.is(iova, busAddress);
		t.is(length, String(16 << 20));
		t.regex(client ?? '', /vfio/);
		t.regex(host ?? '', /memfd/);
	},
);

test.serial('Bus Master is off again when it ends, whatever COMMAND did', async (t) => {
	await lab.run('p2p-map $disk $mem/bar2 -- true');
	const {stdout} = await lab.run('setpci -s $disk COMMAND');
	t.is(Number.parseInt(stdout, 16) & 4, 0);
});

test.serial("COMMAND's status is passed on; what cannot be run is 126 and 127", async (t) => {
	shows(t, await lab.run('p2p-map $disk $mem/bar2 -- sh -c "kill -9 \\$\\$"'), {status: 137});
	shows(t, await lab.run('p2p-map $disk $mem/bar2 -- nosuchprogram'), {status: 127});
	shows(t, await lab.run('p2p-map $disk $mem/bar2 -- /etc/passwd'), {status: 126});
	shows(t, await lab.run('p2p-map $disk $far/bar2 -- true'), {status: 125, stdout: ''});
	shows(t, await lab.run('p2p-map $disk $far/bar2'), {
		status: 1,
		stdout: '',
		stderr: /does not reach/,
	});
	shows(t, await lab.run('p2p-map $disk $mem/bar2+3'), {status: 2, stderr: /4096/});
	shows(t, await lab.run('p2p-map $far $mem/bar2'), {status: 2, stderr: /vfio-pci/});
});
