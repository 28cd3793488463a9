// SPDX-License-Identifier: MIT
// What stands between now and a VFIO mapping, as sysfs tells it.

import test, {type ExecutionContext} from 'ava';
import {bind, machine, verdict} from '../helpers/machine.ts';

const twoPorts = (t: ExecutionContext, head = '') =>
	machine(t, `${head}\nroot-port\n  nvme\nroot-port\n  ram 64M\nroot-port\n  display`);
const [disk, ram, display] = ['0000:01:00.0', '0000:02:00.0', '0000:03:00.0'];

test('a client on vfio-pci and a provider without a driver are ready, by sysfs', async (t) => {
	const root = twoPorts(t);
	bind(root, disk, 'vfio-pci');
	const {vfio} = await verdict(root, disk, ram);
	t.deepEqual(vfio, {ready: true, mechanism: 'sysfs', blockers: []});
});

test('both on vfio-pci are ready, by type1', async (t) => {
	const root = twoPorts(t);
	bind(root, disk, 'vfio-pci');
	bind(root, ram, 'vfio-pci');
	const {vfio} = await verdict(root, disk, ram);
	t.deepEqual(vfio, {ready: true, mechanism: 'type1', blockers: []});
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
	t.deepEqual(vfio, {ready: false, mechanism: null, blockers: [{code: 'no-iommu'}]});
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
