// SPDX-License-Identifier: MIT
// What stands between now and a VFIO mapping, as sysfs tells it.

import test, {type ExecutionContext} from 'ava';
import {native} from '../../lib/native.ts';
import {attribute, bind, file, folder, machine, verdict} from '../helpers/machine.ts';

const twoPorts = (t: ExecutionContext, head = '') =>
	machine(t, `${head}\nroot-port\n  nvme\nroot-port\n  ram 64M\nroot-port\n  display`);
const [disk, ram, display] = ['0000:01:00.0', '0000:02:00.0', '0000:03:00.0'];

test('a client on vfio-pci and a provider without a driver are ready, by sysfs', async (t) => {
	const root = twoPorts(t);
	bind(root, disk, 'vfio-pci');
	const {vfio} = await verdict(root, disk, ram);
	t.deepEqual(vfio, {ready: true, mechanism: 'sysfs', blockers: [], limits: []});
});

test('memory that sleeps, or a bridge above it, is not ready unless VFIO wakes it', async (t) => {
	const root = machine(
		t,
		'root-port\n  nvme\nroot-port\n  upstream\n    downstream\n      ram 64M',
	);
	const [client, bridge, provider] = [disk, '0000:02:00.0', '0000:04:00.0'];
	bind(root, client, 'vfio-pci');
	attribute(root, bridge, 'power_state', 'D3hot');
	const {vfio} = await verdict(root, client, provider);
	t.false(vfio.ready);
	t.deepEqual(vfio.blockers, [{code: 'asleep', bdf: provider, asleep: bridge, state: 'D3hot'}]);
	bind(root, provider, 'vfio-pci');
	t.true((await verdict(root, client, provider)).vfio.ready);
});

test('both on vfio-pci are ready, by type1', async (t) => {
	const root = twoPorts(t);
	bind(root, disk, 'vfio-pci');
	bind(root, ram, 'vfio-pci');
	const {vfio} = await verdict(root, disk, ram);
	t.deepEqual(vfio, {ready: true, mechanism: 'type1', blockers: [], limits: []});
});

test('drivers of the kernel stand in the way on either side', async (t) => {
	const {vfio} = await verdict(twoPorts(t), disk, display);
	t.is(vfio.ready, false);
	t.deepEqual(vfio.blockers, [
		{code: 'client-driver', bdf: disk, driver: 'nvme'},
		{code: 'provider-driver', bdf: display, driver: 'bochs-drm'},
	]);
});

test('without an IOMMU there is nothing to map', async (t) => {
	const {vfio} = await verdict(twoPorts(t, 'machine iommu=none'), disk, ram);
	t.deepEqual(vfio, {ready: false, mechanism: null, blockers: [{code: 'no-iommu'}], limits: []});
});

test('a group with another driver in it is named with its members', async (t) => {
	const root = machine(t, 'root-port\n  nvme functions=3\nroot-port\n  ram 64M');
	bind(root, '0000:01:00.0', 'vfio-pci');
	const {vfio} = await verdict(root, '01:00.0', '02:00.0');
	t.like(vfio.blockers[0], {
		code: 'group-not-viable',
		members: '0000:01:00.1 nvme, 0000:01:00.2 nvme',
	});
});

test('only drivers that leave DMA to others leave the group to VFIO', async (t) => {
	for (const [driver, isReady] of [
		['pci-stub', true],
		['mlx5_vfio_pci', true],
		['pci-pf-stub', false],
	] as const) {
		const root = machine(t, 'root-port\n  nvme functions=2\nroot-port\n  ram 64M');
		bind(root, '0000:01:00.0', 'vfio-pci');
		bind(root, '0000:01:00.1', driver);
		t.is((await verdict(root, '01:00.0', '02:00.0')).vfio.ready, isReady, driver);
	}
});

test('a BAR beyond what the IOMMU translates, or in what it keeps, is said', async (t) => {
	const root = twoPorts(t);
	const {functions} = await native.scan({root});
	const bar = functions
		.find(({bdf}) => bdf === ram)
		?.bars.find(({size}) => Number(size) === 64 << 20);
	const start = Number(bar?.busAddress);
	const client = folder(root, disk);
	// MGAW, less one, in bits 21:16 of VT-d's capability register: 30 bits.
	file(client, 'iommu/intel-iommu/cap', 'd2008c1d0462\n');
	const kept = `0x${(start + 4096).toString(16)} 0x${(start + 8191).toString(16)}`;
	file(client, 'iommu_group/reserved_regions', `${kept} reserved\n`);
	const {vfio} = await verdict(root, disk, ram);
	const limits = vfio.limits.filter((limit) => limit.bar === String(bar?.index));
	t.deepEqual(
		limits.map(({code, bits}) => [code, bits]),
		[
			['beyond-aperture', '30'],
			['reserved-iova', undefined],
		],
	);
});

test('a BAR that shares its page cannot be mapped', async (t) => {
	const capture = (await native.capture({root: twoPorts(t)})) as unknown as {
		functions: {bdf: string; bars: {start: string; size: number; kind: string; index: number}[]}[];
	};
	const it = capture.functions.find(({bdf}) => bdf === ram);
	const [bar] = it?.bars ?? [];
	if (bar === undefined) throw new Error('no BAR');
	Object.assign(bar, {start: '0xfe000100', busAddress: '0xfe000100', size: 256});
	const {pairs} = await native.check({capture}, [[disk, ram]]);
	t.like(pairs[0]?.vfio.limits[0], {code: 'not-mappable', bar: String(bar.index)});
});
