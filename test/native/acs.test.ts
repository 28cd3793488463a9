// SPDX-License-Identifier: MIT
// What p2p-acs would change, whom it refuses for, and what it says goes stale: on drawn machines, by
// dry runs, which open and write nothing.

import {mkdirSync, readlinkSync, symlinkSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {type AcsOrder, type AcsReport, native} from '../../lib/native.ts';
import {attribute, bind, cut, file, folder, machine, poke, release} from '../helpers/machine.ts';

const [disk, mem] = ['0000:03:00.0', '0000:04:00.0'];
const [first, second] = ['0000:02:00.0', '0000:02:01.0'];

const oneSwitch = (t: ExecutionContext, {cpu = 'EPYC', acs = 'sv,rr,cr,uf'} = {}) =>
	machine(
		t,
		`
		machine cpu=${cpu}
		root-port
		  upstream
		    downstream acs=${acs}
		      nvme cmb=16M
		    downstream acs=sv,rr,cr,uf
		      ram 64M
		    downstream
		      nic
		root-port
		  nvme
		`,
	);

function acs(root: string, order: Partial<AcsOrder>): Promise<AcsReport> {
	const none = {ports: [], route: [], clear: [], set: [], rebind: []};
	return native.acs({root, ...none, restore: false, inUse: false, dryRun: true, ...order});
}

test('named bits are cleared and set, all others stay', async (t) => {
	const root = oneSwitch(t);
	const order = {ports: [first, '02:01.0'], clear: ['rr', 'cr', 'ec'], set: ['dt']};
	const {ports, commands} = await acs(root, order);
	t.like(ports, [
		{bdf: first, before: ['sv', 'rr', 'cr', 'uf'], after: ['sv', 'uf', 'dt']},
		{bdf: second, after: ['sv', 'uf', 'dt']},
	]);
	t.deepEqual(commands, [
		`setpci -s ${first} ECAP_ACS+6.w=40:4c`,
		`setpci -s ${second} ECAP_ACS+6.w=40:4c`,
	]);
});

test('bits that are as they shall be need no command', async (t) => {
	const {ports, commands, stale, groups} = await acs(oneSwitch(t, {acs: 'sv'}), {
		ports: [first, first],
		clear: ['rr'],
		set: ['sv'],
	});
	t.like(ports, [{bdf: first, before: ['sv'], after: ['sv']}]);
	t.is(ports.length, 1);
	t.deepEqual([commands, stale, groups], [[], [], []]);
});

test('a reserved bit of the register stays as it is', async (t) => {
	const root = oneSwitch(t);
	poke(root, first, 0x106, [0x1d, 0x10]);
	const {commands} = await acs(root, {ports: [first], clear: ['sv', 'rr', 'cr', 'uf']});
	t.deepEqual(commands, [`setpci -s ${first} ECAP_ACS+6.w=0:1d`]);
});

test('--route means the ports that p2p-check --fix names', async (t) => {
	const root = oneSwitch(t);
	const {changes} = await native.fix({root}, disk, mem);
	const {ports} = await acs(root, {route: [disk, mem], clear: ['rr', 'cr', 'ec']});
	t.deepEqual(
		ports.map(({bdf}) => bdf),
		changes.map(({bdf}) => bdf),
	);
});

test('what no port of the way has is clear already, and cannot be set', async (t) => {
	const bare =
		'root-port\n  upstream\n    downstream acs=-\n      nvme\n    downstream acs=-\n      ram 64M';
	const root = machine(t, bare);
	t.deepEqual((await acs(root, {route: [disk, mem], clear: ['rr', 'cr']})).ports, []);
	t.like(await refused(acs(root, {route: [disk, mem], set: ['rr']})), {code: 'P2P_NO_ACS'});
});

const failures: readonly (readonly [string, Partial<AcsOrder>, object])[] = [
	['a function without ACS', {ports: [disk], clear: ['rr']}, {code: 'P2P_NO_ACS'}],
	['a port that is not there', {ports: ['09:00.0'], clear: ['rr']}, {code: 'P2P_NO_FUNCTION'}],
	['what is no name', {ports: ['a/b'], clear: ['rr']}, {code: 'P2P_BAD_NAME'}],
	[
		'two ends without a common bridge',
		{route: [disk, '0000:06:00.0'], clear: ['rr']},
		{code: 'P2P_ACS_NO_WAY'},
	],
	[
		'a function without a driver that shall be bound anew',
		{rebind: [mem]},
		{code: 'P2P_NOT_DRIVEN', facts: {bdf: mem}},
	],
	['a bridge that shall be bound anew', {rebind: [first]}, {code: 'P2P_IN_USE'}],
];

for (const [what, order, error] of failures) {
	test(`${what} is an error`, async (t) => {
		t.like(await refused(acs(oneSwitch(t), order)), error);
	});
}

test('a bit that the port has not cannot be set, but be clear', async (t) => {
	const root = oneSwitch(t);
	poke(root, first, 0x104, [0x1f]);
	t.like(await refused(acs(root, {ports: [first], set: ['ec', 'dt', 'tb']})), {
		code: 'P2P_ACS_NO_BIT',
		facts: {bdf: first, bits: 'ec,dt', has: 'sv,tb,rr,cr,uf'},
	});
	t.like((await acs(root, {ports: [first], clear: ['ec', 'rr']})).ports, [
		{after: ['sv', 'cr', 'uf']},
	]);
});

test('a port that was not read is not changed, nor is a way with one in it', async (t) => {
	const root = oneSwitch(t);
	cut(root, second);
	const unread = {code: 'P2P_ACS_UNREAD', facts: {bdf: second}};
	t.like(await refused(acs(root, {ports: [second], clear: ['rr']})), unread);
	t.like(await refused(acs(root, {route: [disk, mem], clear: ['rr']})), unread);
});

test('a port whose control register lies elsewhere is not written', async (t) => {
	const root = machine(t, 'root-port acs=0\n  nvme');
	poke(root, '0000:00:01.0', 0, [0x86, 0x80, 0x10, 0xa1]);
	attribute(root, '0000:00:01.0', 'vendor', '0x8086');
	attribute(root, '0000:00:01.0', 'device', '0xa110');
	t.like(await refused(acs(root, {ports: ['0000:00:01.0'], set: ['rr']})), {
		code: 'P2P_ACS_SHIFTED',
	});
	const {functions} = await native.scan({root});
	t.true(functions.find(({bdf}) => bdf === '0000:00:01.0')?.isAcsShifted);
});

function heldByGuest(t: ExecutionContext): string {
	const root = oneSwitch(t);
	bind(root, mem, 'vfio-pci');
	const group = basename(readlinkSync(join(folder(root, mem), 'iommu_group')));
	file(root, `sys/class/vfio/${group}/dev`, '511:0\n');
	opens(root, `/dev/vfio/${group}`);
	return root;
}

test('bits above a function that is open through VFIO are never cleared', async (t) => {
	const root = heldByGuest(t);
	for (const order of [
		{ports: [second], clear: ['rr']},
		{ports: ['0000:00:01.0'], clear: ['sv']},
		{ports: [second], clear: ['rr'], inUse: true},
		{route: [disk, mem], clear: ['rr'], inUse: true},
	]) {
		t.like(await refused(acs(root, order)), {
			code: 'P2P_ACS_VFIO',
			facts: {uses: '1', '0.code': 'vfio-open', '0.bdf': mem, '0.pid': '42'},
		});
	}
});

test('they may be set at the word of the user, and ports beside them cleared', async (t) => {
	const root = heldByGuest(t);
	const set = {ports: [second], set: ['dt']};
	t.like(await refused(acs(root, set)), {code: 'P2P_ACS_IN_USE'});
	t.is((await acs(root, {...set, inUse: true})).commands.length, 1);
	t.is((await acs(root, {ports: [first], clear: ['rr']})).commands.length, 1);
	t.is((await acs(root, {ports: [second], clear: ['ec']})).commands.length, 0);
});

test('a port above what is mounted or up is changed at the word of the user only', async (t) => {
	const mount = '36 35 259:0 / /mnt rw - ext4 /dev/nvme0n1 rw\n';
	const root = oneSwitch(t);
	const node = join(folder(root, disk), 'nvme/nvme0/nvme0n1');
	file(root, `${node.slice(root.length)}/dev`, '259:0\n');
	link(root, `${node.slice(root.length)}/subsystem`, join(root, 'sys/class/block'));
	file(root, 'proc/self/mountinfo', mount);
	const order = {ports: [first], clear: ['rr']};
	t.like(await refused(acs(root, order)), {
		code: 'P2P_ACS_IN_USE',
		facts: {'0.code': 'mounted', '0.where': '/mnt', '0.bdf': disk},
	});
	t.is((await acs(root, {...order, inUse: true})).commands.length, 1);
	t.is((await acs(root, {...order, ports: [second]})).commands.length, 1);
	// What is to lose its driver is refused whatever the user says of the ports.
	const rebind = {...order, inUse: true, rebind: [disk]};
	t.like(await refused(acs(root, rebind)), {code: 'P2P_IN_USE', facts: {'0.where': '/mnt'}});
});

test('the VFs of a function count for themselves, not as its use', async (t) => {
	const root = oneSwitch(t);
	attribute(root, disk, 'sriov_numvfs', '2');
	t.is((await acs(root, {ports: [first], clear: ['rr']})).commands.length, 1);
});

test('a provider is stale where the verdict about its memory turns, and only there', async (t) => {
	const root = oneSwitch(t);
	const stale = async (order: Partial<AcsOrder>) =>
		(await acs(root, order)).stale.map(({bdf, driver}) => `${bdf} ${driver}`);
	const clear = ['rr', 'cr'];
	t.deepEqual(await stale({ports: [first, second], clear}), [`${disk} nvme`]);
	t.deepEqual(await stale({ports: [second], clear}), [], 'the other port redirects as before');
	t.deepEqual(await stale({ports: [first], clear: ['sv', 'uf']}), []);
	t.deepEqual(await stale({ports: [first], set: ['dt']}), []);
	t.deepEqual(await stale({ports: [first, second], clear, rebind: [disk]}), []);
	// The card below the third port, which redirects nothing, reaches the disk through one port.
	t.deepEqual(await stale({ports: [first], clear}), [`${disk} nvme`]);
});

test('a function on vfio-pci is a provider from Linux 6.19 on', async (t) => {
	const root = oneSwitch(t);
	bind(root, mem, 'vfio-pci');
	const order = {ports: [first, second], clear: ['rr', 'cr']};
	const names = async () => (await acs(root, order)).stale.map(({bdf}) => bdf);
	t.deepEqual(await names(), [disk, mem]);
	release(root, '6.18.2');
	t.deepEqual(await names(), [disk]);
});

test('groups that would be others are told; going back to what they are is silent', async (t) => {
	const root = oneSwitch(t);
	const cleared = await acs(root, {ports: [first], clear: ['rr', 'cr']});
	t.true(
		cleared.groups.some(({predicted}) =>
			predicted.some((it) => it.join(' ') === `${first} ${disk}`),
		),
		JSON.stringify(cleared.groups),
	);
	poke(root, first, 0x106, [0x11]);
	const back = await acs(root, {ports: [first], set: ['rr', 'cr']});
	t.deepEqual(back.groups, []);
});

test('a driver that is bound anew leaves before the change and comes back after it', async (t) => {
	const {rebound, commands} = await acs(oneSwitch(t), {
		ports: [first],
		clear: ['rr'],
		rebind: [disk],
	});
	t.deepEqual(rebound, [{bdf: disk, driver: 'nvme'}]);
	t.deepEqual(commands, [
		`echo ${disk} > /sys/bus/pci/devices/${disk}/driver/unbind`,
		`setpci -s ${first} ECAP_ACS+6.w=0:04`,
		`echo ${disk} > /sys/bus/pci/drivers/nvme/bind`,
	]);
});

async function refused(work: Promise<AcsReport>): Promise<object> {
	return work.then(
		(report) => ({report}),
		(error: object) => error,
	);
}

function opens(root: string, path: string): void {
	file(root, 'proc/42/comm', 'qemu-system-x86\n');
	link(root, 'proc/42/fd/3', path);
}

function link(root: string, path: string, target: string): void {
	mkdirSync(dirname(join(root, path)), {recursive: true});
	symlinkSync(target, join(root, path));
}
