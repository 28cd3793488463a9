// SPDX-License-Identifier: MIT
// What a scan of sysfs finds: the tree, roles, names, memory, and machines of odd make.

import {mkdirSync, rmSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {native, type PciFunction} from '../../lib/native.ts';
import {attribute, cut, file, folder, machine, verdict} from '../helpers/machine.ts';

async function scan(root: string): Promise<Record<string, PciFunction>> {
	const {functions} = await native.scan({root});
	return Object.fromEntries(functions.map((it) => [it.bdf, it]));
}

test('roles come from the place in the tree', async (t) => {
	const root = machine(
		t,
		`
		root-port
		  upstream
		    downstream
		      nvme
		    downstream
		      bridge
		        edu
		ram 1M
		`,
	);
	const roles = Object.values(await scan(root)).map(({bdf, role}) => [bdf.slice(5), role]);
	t.deepEqual(roles, [
		['00:00.0', 'host-bridge'],
		['00:01.0', 'root-port'],
		['00:02.0', 'rc-integrated'],
		['01:00.0', 'upstream-port'],
		['02:00.0', 'downstream-port'],
		['02:01.0', 'downstream-port'],
		['03:00.0', 'endpoint'],
		['04:00.0', 'bridge'],
		['05:01.0', 'endpoint'],
	]);
});

test('a function is found by bdf, short bdf, kernel path and kernel name', async (t) => {
	const root = machine(
		t,
		'root-port\n  upstream\n    downstream\n      nvme\n    downstream\n      display',
	);
	const names = ['0000:03:00.0', '03:00.0', '00:01.0/00.0/00.0/00.0', 'nvme0', 'nvme0n1'];
	for (const name of names) t.is((await verdict(root, name, 'card0')).client, '0000:03:00.0');
});

for (const name of [
	'',
	'/dev/nvme0n1',
	'03:00',
	'03:00.8',
	'03:20.0',
	'1:2:3.4',
	'nvme 0',
	'00:01.0/',
]) {
	test(`'${name}' is no name of a function`, async (t) => {
		const root = machine(t, 'root-port\n  nvme');
		await t.throwsAsync(native.check({root}, [[name, '01:00.0']]), {code: 'P2P_BAD_NAME'});
	});
}

test('a name in the right form that nothing has is another error', async (t) => {
	const root = machine(t, 'root-port\n  nvme');
	for (const name of ['09:00.0', 'nvme7', '00:01.0/01.0']) {
		await t.throwsAsync(native.check({root}, [[name, '01:00.0']]), {code: 'P2P_NO_FUNCTION'});
	}
});

const models = `
	root-port
	  nvme
	root-port
	  nvme
	root-port
	  ram 16M
`;

test('vendor and device name the one that there is, or the one in a slot', async (t) => {
	const root = machine(t, models);
	for (const [name, bdf] of [
		['1af4:1110', '0000:03:00.0'],
		['1b36:0010@1', '0000:01:00.0'],
		['1B36:0010@3', '0000:02:00.0'],
	] as const) {
		const {pairs} = await native.check({root}, [[name, '01:00.0']]);
		t.is(pairs[0]?.client, bdf, name);
	}
	for (const name of ['1b36:0011', '1b36:0010@5', '1af4:1110@1'])
		await t.throwsAsync(native.check({root}, [[name, '01:00.0']]), {code: 'P2P_NO_FUNCTION'});
	for (const name of ['1b36:0010@', '1b36:0010@x', '1b36:001', '1b36:0010x'])
		await t.throwsAsync(native.check({root}, [[name, '01:00.0']]), {code: 'P2P_BAD_NAME'});
	const error = await t.throwsAsync(native.check({root}, [['1b36:0010', '01:00.0']]));
	t.like(error, {code: 'P2P_SEVERAL', facts: {has: '0000:01:00.0, 0000:02:00.0'}});
});

test('a slot that was not read may be the one', async (t) => {
	const root = machine(t, models);
	cut(root, '0000:00:02.0');
	const error = await t.throwsAsync(native.check({root}, [['1b36:0010@3', '01:00.0']]));
	t.like(error, {code: 'P2P_UNREAD_SLOT', facts: {bdf: '0000:02:00.0'}});
});

test('a name is as long as whoever wrote it likes', async (t) => {
	const root = machine(t, 'root-port\n  nvme');
	for (const name of ['a'.repeat(130_000), `00:00.0${'/00.0'.repeat(26_000)}`])
		await t.throwsAsync(native.check({root}, [[name, '01:00.0']]), {code: 'P2P_NO_FUNCTION'});
});

test('a folder without a machine in it is an error', async (t) => {
	await t.throwsAsync(native.scan({root: '/nonexistent'}), {code: 'P2P_NO_MACHINE'});
});

test('with multipath a namespace has the name of its head', async (t) => {
	const root = machine(t, 'root-port\n  nvme namespaces=0');
	const path = join(folder(root, '0000:01:00.0'), 'nvme/nvme0/nvme0c0n1');
	mkdirSync(path, {recursive: true});
	symlinkSync(path, join(root, 'sys/class/nvme/nvme0c0n1'));
	t.deepEqual((await scan(root))['0000:01:00.0']?.names, ['nvme0', 'nvme0n1']);
});

test('memory is shown with its addresses', async (t) => {
	const root = machine(t, 'root-port\n  nvme cmb=16M');
	const it = (await scan(root))['0000:01:00.0'];
	t.is(it?.cmbSize, 16 * 1024 ** 2);
	t.deepEqual(it?.p2pmem, {size: 16777216, available: 16777216, isPublished: true});
	t.deepEqual(it?.bars[1], {
		index: 2,
		start: '0x4000000000',
		busAddress: '0x4000000000',
		size: 16777216,
		kind: 'memory',
		is64: true,
		isPrefetchable: true,
		largest: null,
	});
});

test('a BAR of all addresses that there are is none', async (t) => {
	const root = machine(t, 'root-port\n  nvme');
	attribute(root, '0000:01:00.0', 'resource', '0x0 0xffffffffffffffff 0x140204');
	const {'0000:01:00.0': it} = await scan(root);
	t.deepEqual(it?.bars, []);
});

test('below VMD the second host bridge is the root, and the controller no bridge', async (t) => {
	const root = machine(t, 'machine cpu=Skylake-Server\nroot-port\n  nvme\nfunction id=8086:28c0');
	const below = 'sys/devices/pci0000:00/0000:00:02.0/pci10000:e0/10000:e0:02.0/10000:e1:00.0';
	for (const [name, text] of [
		['vendor', '0x8086'],
		['class', '0x010802'],
		['resource', ''],
	] as const) {
		file(root, `${below}/${name}`, `${text}\n`);
		file(root, `${below}/../${name}`, name === 'class' ? '0x060400\n' : `${text}\n`);
	}
	symlinkSync(join(root, below), join(root, 'sys/bus/pci/devices/10000:e1:00.0'));
	symlinkSync(join(root, below, '..'), join(root, 'sys/bus/pci/devices/10000:e0:02.0'));

	const it = (await scan(root))['10000:e1:00.0'];
	t.like(it, {rootBus: '10000:e0', parent: '10000:e0:02.0', path: '10000:e0:02.0/00.0'});
	const {kernel} = await verdict(root, '10000:e1:00.0', '01:00.0');
	t.is(kernel.distance, 4);
});

test('a bridge that is missing in a copy leaves the tree open', async (t) => {
	const root = machine(t, 'root-port\n  nvme\nroot-port\n  nvme');
	rmSync(join(root, 'sys/bus/pci/devices/0000:00:01.0'));
	const pair = await verdict(root, '01:00.0', '02:00.0');
	t.is(pair.verdict, 'unknown');
	t.deepEqual(pair.missing, ['0000:01:00.0 bridges above']);
});

test('what surrounds the functions is told', async (t) => {
	const root = machine(t, 'machine cpu=EPYC iommu=none\nroot-port\n  nvme');
	t.deepEqual((await native.scan({root})).machine, {
		source: 'sysroot',
		supply: null,
		kernel: '7.3.4+deb13-amd64',
		cpu: 'EPYC',
		guest: null,
		iommu: false,
		assumed: [],
		bootParameters: [],
		reading: null,
	});
});

test('the running machine can be looked at', async (t) => {
	t.is((await native.scan({root: ''})).machine.source, 'live');
});
