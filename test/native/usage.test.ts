// SPDX-License-Identifier: MIT
// What uses a function, on drawn machines. The looking is asked through a dry run of bind, which
// refuses with all uses and opens nothing.

import {mkdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import test from 'ava';
import {drawMachine} from '../../lab/sysfs.ts';
import {native} from '../../lib/native.ts';

const bdf = '0000:01:00.0';
const folder = 'sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0';
const disk = `${folder}/nvme/nvme0/nvme0n1`;

type Use = Readonly<Record<string, string>>;

test('a disk that nobody uses is free', async (t) => {
	const root = withDisk();
	write(root, 'proc/self/mountinfo', mountLine('0:21', '/', 'tmpfs'));
	t.deepEqual(await usesOf(root), []);
});

test('a mounted partition is told with its mount point, blanks and all', async (t) => {
	const root = withDisk();
	block(root, `${disk}/nvme0n1p1`, '259:1');
	write(root, 'proc/self/mountinfo', mountLine('259:1', '/mnt/my\\040disk', '/dev/nvme0n1p1'));
	t.deepEqual(await usesOf(root), [
		{code: 'mounted', bdf, device: '/dev/nvme0n1p1', where: '/mnt/my disk'},
	]);
});

test('a mount with an anonymous number is found by its source', async (t) => {
	const root = withDisk();
	write(root, 'proc/self/mountinfo', mountLine('0:52', '/data', '/dev/nvme0n1', 'btrfs'));
	t.deepEqual(await usesOf(root), [{code: 'mounted', bdf, device: '/dev/nvme0n1', where: '/data'}]);
});

test('a btrfs of several disks names only one of them, and uses all', async (t) => {
	const root = withDisk();
	const devices = 'sys/fs/btrfs/3f7e/devices';
	mkdirSync(join(root, devices), {recursive: true});
	for (const name of ['sda', 'nvme0n1']) symlinkSync('nowhere', join(root, devices, name));
	write(root, 'proc/self/mountinfo', mountLine('0:52', '/data', '/dev/sda', 'btrfs'));
	t.like(await usesOf(root), [{code: 'mounted', device: '/dev/nvme0n1', where: '/data'}]);
});

test("a mount in another process's namespace counts", async (t) => {
	const root = withDisk();
	write(root, 'proc/self/mountinfo', mountLine('0:21', '/', 'tmpfs'));
	write(root, 'proc/77/mountinfo', mountLine('259:0', '/inside', '/dev/nvme0n1'));
	link(root, 'proc/self/ns/mnt', 'mnt:[1]');
	link(root, 'proc/77/ns/mnt', 'mnt:[2]');
	t.like(await usesOf(root), [{code: 'mounted', where: '/inside'}]);
});

test('swap is told', async (t) => {
	const root = withDisk();
	block(root, `${disk}/nvme0n1p2`, '259:2');
	write(root, 'proc/swaps', 'Filename Type Size Used Priority\n/dev/nvme0n1p2 partition 9 0 -2\n');
	t.like(await usesOf(root), [{code: 'swap', device: '/dev/nvme0n1p2'}]);
});

test('what holds a disk is followed up to its mount', async (t) => {
	const root = withDisk();
	const mapped = 'sys/devices/virtual/block/dm-0';
	block(root, mapped, '253:0');
	write(root, `${mapped}/dm/name`, 'vg-root\n');
	mkdirSync(join(root, disk, 'holders/dm-0'), {recursive: true});
	write(root, 'proc/self/mountinfo', mountLine('253:0', '/', '/dev/mapper/vg-root'));
	t.like(await usesOf(root), [
		{code: 'held', device: '/dev/nvme0n1', holder: 'dm-0'},
		{code: 'mounted', device: '/dev/dm-0', where: '/'},
	]);
});

const holders: readonly [what: string, device: string, files: Use, facts: Use][] = [
	[
		'an LVM volume',
		'dm-0',
		{'dm/name': 'vg-data', 'dm/uuid': 'LVM-6iZ2'},
		{kind: 'lvm', name: 'vg-data'},
	],
	[
		'an encrypted volume',
		'dm-1',
		{'dm/name': 'secret', 'dm/uuid': 'CRYPT-LUKS2-1'},
		{kind: 'crypt', name: 'secret'},
	],
	[
		'a multipath device',
		'dm-2',
		{'dm/name': 'mpatha', 'dm/uuid': 'mpath-36'},
		{kind: 'multipath', name: 'mpatha'},
	],
	['another mapped device', 'dm-3', {'dm/name': 'top', 'dm/uuid': ''}, {kind: 'dm', name: 'top'}],
	['a RAID array', 'md127', {'md/level': 'raid1'}, {kind: 'raid', name: 'raid1'}],
	['a bcache', 'bcache0', {}, {kind: 'bcache'}],
];

for (const [what, holder, files, facts] of holders) {
	test(`${what} on a disk is told as what it is`, async (t) => {
		const root = withDisk();
		const path = `sys/devices/virtual/block/${holder}`;
		block(root, path, '253:7');
		for (const [file, text] of Object.entries(files)) write(root, `${path}/${file}`, `${text}\n`);
		mkdirSync(join(root, disk, 'holders', holder), {recursive: true});
		t.deepEqual(await usesOf(root), [
			{code: 'held', bdf, device: '/dev/nvme0n1', holder, ...facts},
		]);
	});
}

test('a member of an array inside a partition is told too', async (t) => {
	const root = withDisk();
	block(root, `${disk}/nvme0n1p1`, '259:1');
	block(root, 'sys/devices/virtual/block/md0', '9:0');
	write(root, 'sys/devices/virtual/block/md0/md/level', 'raid5\n');
	mkdirSync(join(root, disk, 'nvme0n1p1/holders/md0'), {recursive: true});
	t.like(await usesOf(root), [{device: '/dev/nvme0n1p1', holder: 'md0', name: 'raid5'}]);
});

test('a loop device and an NVMe target keep no entry among the holders, and are found', async (t) => {
	const root = withDisk();
	const target = 'sys/kernel/config/nvmet/subsystems/testnqn/namespaces/1';
	write(root, 'sys/block/loop0/loop/backing_file', '/dev/nvme0n1\n');
	write(root, `${target}/device_path`, '/dev/nvme0n1\n');
	t.like(await usesOf(root), [
		{code: 'held', holder: 'loop0'},
		{code: 'held', holder: 'nvmet testnqn'},
	]);
});

test('with multipath the disk stands below its subsystem', async (t) => {
	const root = drawMachine('root-port\n  nvme\n');
	const subsystem = 'sys/devices/virtual/nvme-subsystem/nvme-subsys0';
	block(root, `${subsystem}/nvme0n1`, '259:0');
	link(root, `${subsystem}/nvme0`, join(root, folder, 'nvme/nvme0'));
	link(root, 'sys/class/nvme-subsystem/nvme-subsys0', join(root, subsystem));
	write(root, 'proc/self/mountinfo', mountLine('259:0', '/mnt', '/dev/nvme0n1'));
	t.like(await usesOf(root), [{code: 'mounted', device: '/dev/nvme0n1', where: '/mnt'}]);
});

test('a process that has a node of the function open is named', async (t) => {
	const root = withDisk();
	write(root, `${folder}/nvme/nvme0/dev`, '240:0\n');
	opens(root, 42, 'smartd', '/dev/nvme0');
	opens(root, 43, 'bash', '/dev/null');
	t.deepEqual(await usesOf(root), [
		{code: 'open', bdf, device: '/dev/nvme0', pid: '42', command: 'smartd'},
	]);
});

test('a program that node runs is called by its own name', async (t) => {
	const root = drawMachine('root-port\n  ram 1M\n');
	const words: readonly (readonly [string, string])[] = [
		['node\0/usr/bin/p2p-map\0a\0b\0', 'p2p-map'],
		['node\0-e\0sleep()\0', 'node'],
		['node\0', 'node'],
		['', 'node'],
	];
	for (const [line, command] of words) {
		opens(root, 42, 'node', `/${folder}/resource2`);
		write(root, 'proc/42/cmdline', line);
		t.like(await usesOf(root), [{code: 'open', pid: '42', command}]);
	}
});

test("a process that maps the function's memory through sysfs is named", async (t) => {
	const root = drawMachine('root-port\n  ram 1M\n');
	opens(root, 42, 'p2p-map', `/${folder}/resource2`);
	t.like(await usesOf(root), [{code: 'open', pid: '42', command: 'p2p-map'}]);
});

test('an open VFIO group is in use, as long as the function is on vfio-pci', async (t) => {
	for (const [driver, codes] of [
		['vfio-pci', ['vfio-open']],
		['pci-stub', []],
	] as const) {
		const root = drawMachine('root-port\n  ram 1M\n');
		link(root, `${folder}/driver`, join(root, 'sys/bus/pci/drivers', driver));
		write(root, 'sys/class/vfio/1/dev', '511:0\n');
		opens(root, 42, 'qemu-system-x86', '/dev/vfio/1');
		t.deepEqual(codesOf(await usesOf(root, 'uio_pci_generic')), codes, driver);
	}
});

test('a network interface counts when it is up and connected, or has a route', async (t) => {
	const cases = [
		{flags: '0x1003', carrier: '1', route: '', codes: ['network-up']},
		{flags: '0x1003', carrier: '0', route: '', codes: []},
		{flags: '0x1003', carrier: '0', route: 'eth0\t00000000\n', codes: ['network-up']},
		{flags: '0x1002', carrier: '1', route: '', codes: []},
	];
	for (const {flags, carrier, route, codes} of cases) {
		const root = drawMachine('root-port\n  nic\n');
		write(root, `${folder}/net/eth0/flags`, `${flags}\n`);
		write(root, `${folder}/net/eth0/carrier`, `${carrier}\n`);
		write(root, 'proc/net/route', `Iface\tDestination\n${route}`);
		t.deepEqual(codesOf(await usesOf(root)), codes, JSON.stringify({flags, carrier, route}));
	}
});

test('the interface of the default route is told as that', async (t) => {
	const v4 = (mask: string) => `eth0\t00000000\t0109080A\t0003\t0\t0\t0\t${mask}\t0\t0\t0\n`;
	const zero = '0'.repeat(32);
	const v6 = (length: string) =>
		`${zero} ${length} ${zero} 00 fe80${'0'.repeat(28)} 00000400 1 0 00000003     eth0\n`;
	const cases = [
		{route: v4('00000000'), route6: '', isDefault: true},
		{route: v4('00FFFFFF'), route6: '', isDefault: false},
		{route: '', route6: v6('00'), isDefault: true},
		{route: '', route6: v6('40'), isDefault: false},
	];
	for (const {route, route6, isDefault} of cases) {
		const root = withNetwork('1');
		write(root, 'proc/net/route', `Iface\tDestination\n${route}`);
		write(root, 'proc/net/ipv6_route', route6);
		const [use] = await usesOf(root);
		t.is(use?.default, isDefault ? 'yes' : undefined, route + route6);
	}
});

test('an interface below a bond, a bridge or a VLAN is in use, without an address', async (t) => {
	const cases = [
		{holder: 'bond0', file: 'bonding/mode', text: 'active-backup 1\n', kind: 'bond'},
		{holder: 'br0', file: 'bridge/bridge_id', text: '8000.0\n', kind: 'bridge'},
		{holder: 'eth0.5', file: 'uevent', text: 'DEVTYPE=vlan\nINTERFACE=eth0.5\n', kind: 'vlan'},
	];
	for (const {holder, file, text, kind} of cases) {
		const root = withNetwork('0');
		write(root, `sys/class/net/${holder}/${file}`, text);
		link(root, `${folder}/net/eth0/upper_${holder}`, join(root, 'sys/class/net', holder));
		t.deepEqual(await usesOf(root), [{code: 'network-held', bdf, interface: 'eth0', holder, kind}]);
	}
});

test('an interface that is in another network namespace is in use', async (t) => {
	const root = drawMachine('root-port\n  function class=020000\n');
	mkdirSync(join(root, folder, 'net'));
	t.deepEqual(codesOf(await usesOf(root)), ['network-elsewhere']);
});

test('the display that shows the console is in use, another is not', async (t) => {
	for (const [bind, codes] of [
		['1', ['display']],
		['0', []],
	] as const) {
		const root = drawMachine('root-port\n  display\n');
		write(root, `${folder}/boot_vga`, '1\n');
		write(root, 'sys/class/vtconsole/vtcon1/name', '(M) frame buffer device\n');
		write(root, 'sys/class/vtconsole/vtcon1/bind', `${bind}\n`);
		t.deepEqual(codesOf(await usesOf(root)), codes, bind);
	}
});

test('a function whose VFs are enabled is in use', async (t) => {
	const root = withDisk();
	write(root, `${folder}/sriov_numvfs`, '4\n');
	t.like(await usesOf(root), [{code: 'vfs-enabled', count: '4'}]);
});

function withNetwork(carrier: string): string {
	const root = drawMachine('root-port\n  nic\n');
	write(root, `${folder}/net/eth0/flags`, '0x1003\n');
	write(root, `${folder}/net/eth0/carrier`, `${carrier}\n`);
	return root;
}

function withDisk(): string {
	const root = drawMachine('root-port\n  nvme\n');
	block(root, disk, '259:0');
	return root;
}

/** What a dry run of bind refuses for. */
async function usesOf(root: string, driver = 'vfio-pci'): Promise<Use[]> {
	mkdirSync(join(root, 'sys/bus/pci/drivers', driver), {recursive: true});
	const order = {root, functions: [bdf], driver, restore: false, dryRun: true};
	try {
		await native.bind(order);
		return [];
	} catch (error) {
		const {code, facts} = error as {code: string; facts: Record<string, string>};
		if (code !== 'P2P_IN_USE') throw error;
		return Array.from({length: Number(facts.uses)}, (_, index) => useOf(facts, `${index}.`));
	}
}

function useOf(facts: Record<string, string>, prefix: string): Use {
	const own = Object.entries(facts).filter(([name]) => name.startsWith(prefix));
	return Object.fromEntries(own.map(([name, fact]) => [name.slice(prefix.length), fact]));
}

function codesOf(uses: readonly Use[]): (string | undefined)[] {
	return uses.map(({code}) => code);
}

function block(root: string, path: string, number: string): void {
	write(root, `${path}/dev`, `${number}\n`);
	link(root, `${path}/subsystem`, join(root, 'sys/class/block'));
	link(root, `sys/class/block/${path.slice(path.lastIndexOf('/') + 1)}`, join(root, path));
}

function opens(root: string, pid: number, command: string, path: string): void {
	write(root, `proc/${pid}/comm`, `${command}\n`);
	rmSync(join(root, `proc/${pid}/fd`), {recursive: true, force: true});
	link(root, `proc/${pid}/fd/3`, path);
}

function mountLine(number: string, where: string, source: string, type = 'ext4'): string {
	return `36 35 ${number} / ${where} rw,noatime shared:1 - ${type} ${source} rw\n`;
}

function write(root: string, path: string, text: string): void {
	mkdirSync(dirname(join(root, path)), {recursive: true});
	writeFileSync(join(root, path), text);
}

function link(root: string, path: string, target: string): void {
	mkdirSync(dirname(join(root, path)), {recursive: true});
	symlinkSync(target, join(root, path));
}
