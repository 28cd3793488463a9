// SPDX-License-Identifier: MIT
// p2p-bind --show and --group on a real kernel: networks, arrays, and groups of several functions.

import test from 'ava';
import type {Result} from '../../lab/boot.ts';
import {shows, strace, useLab} from '../helpers/lab.ts';

const lab = useLab(
	test,
	`
	root-port
	  disk: nvme size=64M
	root-port
	  net: nic
	root-port
	  pair: nvme size=16M functions=2
	root-port
	  mem: ram 16M
	`,
);

const user = '/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups';

test.serial.before('drivers are loaded, eth0 is up', async (t) => {
	const modules = 'e1000e md-mod raid1 dm-mod bonding bridge 8021q';
	const address = 'ip addr add 10.9.8.7/24 dev eth0; ip link set eth0 up';
	const carrier = 'until grep -q 1 /sys/class/net/eth0/carrier; do sleep 0.1; done';
	const {status, stderr} = await lab.run(
		`/sbin/modprobe -a ${modules} && ${address} && ${carrier}`,
	);
	t.is(status, 0, stderr);
});

test.serial('a look at what nobody uses is short, and changes nothing', async (t) => {
	const before = await lab.run('cat /proc/self/mountinfo /sys/bus/pci/devices/*/driver_override');
	const result = await bind('--show $mem');
	shows(t, result, {status: 0, stderr: ''});
	t.regex(
		result.stdout,
		new RegExp(`^${bdfOf('mem')} {2}ram {2}driver none {2}group \\d+\\n {2}not in use\\n$`),
	);
	const after = await lab.run('cat /proc/self/mountinfo /sys/bus/pci/devices/*/driver_override');
	t.is(after.stdout, before.stdout);
	t.is((await lab.run('ls /run/p2putils /etc/udev')).stdout, '');
});

test.serial('each use has a line with the command that ends it', async (t) => {
	await lab.run(
		'mkswap /dev/nvme0n1; swapon /dev/nvme0n1; sleep 60 </dev/nvme0 & echo $! >/tmp/pid',
	);
	const {status, stdout} = await bind('--show $disk');
	t.is(status, 0);
	t.regex(stdout, /\n {2}in use: \/dev\/nvme0n1 is swap +swapoff \/dev\/nvme0n1\n/);
	t.regex(
		stdout,
		/\n {2}in use: \/dev\/nvme0 is open in process \d+ \(sleep\) +fuser -v \/dev\/nvme0/,
	);
	await lab.run('kill $(cat /tmp/pid); swapoff /dev/nvme0n1');
});

test.serial('a user is told what he cannot see, and never that a function is free', async (t) => {
	const result = await lab.run(`${user} p2p-bind --show --json $disk`);
	shows(t, result, {status: 5, stderr: /could not be seen; as root it can\n$/});
	t.deepEqual(JSON.parse(result.stdout).missing, ['processes', 'records']);
	const plain = await lab.run(`${user} p2p-bind --show $disk`);
	t.regex(plain.stdout, /\n {2}no use seen\n$/);
	shows(t, await lab.run(`${user} p2p-bind --show $net`), {status: 0, stdout: /in use: network/});
});

test.serial('a network is told with its addresses and routes', async (t) => {
	await lab.run('ip route add default via 10.9.8.1; ip addr add fd00::7/64 dev eth0 nodad');
	const {stdout} = await lab.run("SSH_CONNECTION='10.9.8.1 5 10.9.8.7 22' p2p-bind --show $net");
	t.regex(
		stdout,
		/eth0 is up: 10\.9\.8\.7, fd00::7; the default route; the way of this SSH session {3}ip link set eth0 down\n/,
	);
	const refused = await bind('$net');
	shows(t, refused, {
		status: 1,
		stdout: '',
		stderr: /eth0 is up: 10\.9\.8\.7, fd00::7; the default/,
	});
	await lab.run('ip route del default; ip addr del fd00::7/64 dev eth0');
});

const stacks: readonly (readonly [string, make: string, end: string, says: RegExp])[] = [
	[
		'a bond',
		'ip link set eth0 down; ip link add bond9 type bond && ip link set eth0 master bond9 && ip link set eth0 down',
		'ip link set eth0 nomaster; ip link del bond9',
		/part of bond bond9 +ip link set eth0 nomaster/,
	],
	[
		'a bridge',
		'ip link set eth0 down; ip link add br9 type bridge && ip link set eth0 master br9',
		'ip link set eth0 nomaster; ip link del br9',
		/part of bridge br9 /,
	],
	[
		'a VLAN',
		'ip link set eth0 down; ip link add link eth0 name eth0.5 type vlan id 5',
		'ip link del eth0.5',
		/part of VLAN eth0\.5 +ip link delete eth0\.5/,
	],
];

for (const [what, make, end, says] of stacks) {
	test.serial(`an interface of ${what} is in use though it is down`, async (t) => {
		const made = await lab.run(make);
		t.is(made.status, 0, made.stderr);
		t.regex((await bind('--show $net')).stdout, says);
		shows(t, await bind('$net'), {status: 1, stdout: '', stderr: /is part of/});
		await lab.run(`${end}; ip link set eth0 up`);
	});
}

test.serial('a member of a RAID array is refused, and so is a volume on it', async (t) => {
	const make = [
		'echo md_lab >/sys/module/md_mod/parameters/new_array; cd /sys/block/md_lab/md',
		'echo none >metadata_version; echo raid1 >level; echo 2 >raid_disks',
		'cat /sys/class/block/nvme0n1/dev >new_dev',
	];
	const made = await lab.run(make.join(' && '));
	t.is(made.status, 0, made.stderr);
	shows(t, await bind('$disk'), {
		status: 1,
		stdout: '',
		stderr: /held by RAID array md_lab \(raid1\)\n {2}Try: mdadm --stop \/dev\/md_lab\n$/,
	});
	await lab.run('echo clear >/sys/block/md_lab/md/array_state; sleep 0.5');
	t.regex((await bind('--show $disk')).stdout, /not in use/);
});

test.serial('an LVM volume is told by its name', async (t) => {
	const table = "'0 2048 linear /dev/nvme0n1 0'";
	await lab.run(`dmsetup create --noudevsync vg-data -u LVM-x --table ${table}`);
	const said = /held by LVM volume vg-data \(dm-0\)\n {2}Try: vgchange -an vg\n$/;
	shows(t, await bind('$disk'), {status: 1, stdout: '', stderr: said});
	await lab.run('dmsetup remove --noudevsync vg-data');
});

test.serial('--group takes the whole group, and brings it back', async (t) => {
	const second = bdfOf('pair').replace(/0$/, '1');
	const alone = await bind('$pair');
	t.true(alone.stderr.includes(`       p2p-bind --group ${bdfOf('pair')}   takes the whole`));
	await bind('--restore $pair');

	const both = await bind('--group $pair');
	shows(t, both, {status: 0, stderr: ''});
	t.regex(both.stdout, new RegExp(`\\n${second} {2}nvme -> vfio-pci`));
	const back = await bind('--restore --group $pair');
	t.regex(back.stdout, new RegExp(`\\n${second} {2}vfio-pci -> nvme`));
	t.deepEqual(await driversOf('$pair', second), ['nvme', 'nvme']);
});

test.serial('--group touches nothing where a companion is in use', async (t) => {
	const second = bdfOf('pair').replace(/0$/, '1');
	const node = `/dev/$(basename /sys/bus/pci/devices/${second}/nvme/nvme*)`;
	await lab.run(`sleep 60 <${node} & echo $! >/tmp/pid; sleep 0.3`);
	const result = await bind('--group $pair');
	shows(t, result, {status: 1, stdout: '', stderr: new RegExp(`^p2p-bind: ${second} is in use`)});
	t.deepEqual(await driversOf('$pair', second), ['nvme', 'nvme']);
	await lab.run('kill $(cat /tmp/pid); sleep 0.3');
});

test.serial('what failed in the midst of a group is rolled back in all of it', async (t) => {
	const second = bdfOf('pair').replace(/0$/, '1');
	const result = await lab.run(
		`${strace} -e trace=write -P /sys/bus/pci/drivers/vfio-pci/bind -e inject=write:error=EBUSY:when=2 p2p-bind --group $pair`,
	);
	shows(t, result, {status: 2, stdout: '', stderr: /did not go to vfio-pci: .*; all is as it was/});
	t.true(result.stderr.includes(second), result.stderr);
	t.deepEqual(await driversOf('$pair', second), ['nvme', 'nvme']);
	t.is((await lab.run('ls /run/p2putils/bind')).stdout, '');
});

test.serial('--restore and --show without a name mean all that was changed', async (t) => {
	await bind('$mem');
	await bind('--group $pair');
	const {stdout} = await bind('--show');
	t.is(stdout.match(/changed: before its driver was/g)?.length, 3);
	t.is((await bind('--restore')).status, 0);
	t.is((await bind('--show')).stdout, '');
	shows(t, await bind('--restore'), {
		status: 2,
		stdout: '',
		stderr: /^p2p-bind: nothing to restore: p2p-bind has changed none of these/,
	});
});

function bind(args: string): Promise<Result> {
	return lab.run(`p2p-bind ${args}`);
}

function bdfOf(label: string): string {
	return lab.guest().env[label] ?? '';
}

async function driversOf(...names: readonly string[]): Promise<string[]> {
	const links = names.map((name) => `/sys/bus/pci/devices/${name}/driver`).join(' ');
	const {stdout} = await lab.run(`for link in ${links}; do basename "$(readlink $link)"; done`);
	return stdout.trim().split('\n');
}
