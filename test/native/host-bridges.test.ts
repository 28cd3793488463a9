// SPDX-License-Identifier: MIT
// The list of host bridges that a kernel trusts, release by release.

import test, {type ExecutionContext} from 'ava';
import {attribute, cut, file, hostBridge, machine, release, verdict} from '../helpers/machine.ts';

const twoRoots = (t: ExecutionContext) =>
	machine(t, 'machine cpu=Skylake-Server\nroot-port\n  function\nroot-port\n  function');
const ends = ['0000:01:00.0', '0000:02:00.0'] as const;

const cases = [
	['8086:3c00', '5.4.0', 'thru-host-bridge'],
	['8086:3c00', '5.3.18', 'not-supported'],
	['8086:2033', '5.3.0', 'not-supported'],
	['8086:2033', '5.10.0', 'unknown'],
	['8086:2033', '6.1.0-21-amd64', 'thru-host-bridge'],
	['8086:09a2', '5.16.0', 'not-supported'],
	['8086:09a2', '5.17.4', 'unknown'],
	['8086:09a2', '6.12.43+deb13-amd64', 'thru-host-bridge'],
	['8086:0b25', '6.12.0', 'not-supported'],
	['8086:0b25', '7.1.9', 'unknown'],
	['8086:0b25', '7.3.4', 'thru-host-bridge'],
	['1ae0:1234', '7.3.4', 'thru-host-bridge'],
	['10de:2f95', '7.1.0', 'not-supported'],
	['10de:2f98', '7.3.4', 'thru-host-bridge'],
	['8086:6f00', '7.3.4', 'not-supported'],
	['8086:6f00', '7.9.0', 'unknown'],
] as const;

for (const [id, kernel, mapType] of cases) {
	test(`${id} on Linux ${kernel} gives ${mapType}`, async (t) => {
		const root = twoRoots(t);
		hostBridge(root, id);
		release(root, kernel);
		const pair = await verdict(root, ...ends);
		t.is(pair.kernel.mapType, mapType);
		t.is(pair.kernel.hostBridge, mapType === 'not-supported' ? id : null);
		t.is(pair.missing.length > 0, mapType === 'unknown');
	});
}

test('an entry for one host bridge alone is no good between two', async (t) => {
	const root = machine(
		t,
		'machine cpu=Skylake-Server\nroot-port\n  function\nhost-bridge\n  root-port\n    function',
	);
	hostBridge(root, '8086:2f00');
	t.is((await verdict(root, '01:00.0', '81:00.0')).kernel.mapType, 'not-supported');
});

test('between two host bridges both must be listed', async (t) => {
	const root = machine(
		t,
		'machine cpu=Skylake-Server\nroot-port\n  function\nhost-bridge\n  root-port\n    function',
	);
	hostBridge(root, '8086:2020');
	t.like((await verdict(root, '01:00.0', '81:00.0')).kernel, {
		mapType: 'not-supported',
		hostBridge: '1b36:000c',
	});
	attribute(root, '0000:80:01.0', 'vendor', '0x8086');
	attribute(root, '0000:80:01.0', 'device', '0x2030');
	t.is((await verdict(root, '01:00.0', '81:00.0')).kernel.mapType, 'thru-host-bridge');
});

test('an unread port does not stand for its host bridge, nor against it', async (t) => {
	const root = machine(
		t,
		'machine cpu=Skylake-Server\nroot-port\n  function\nhost-bridge\n  bridge\n    function',
	);
	hostBridge(root, '8086:2020');
	cut(root, '0000:80:01.0');
	attribute(root, '0000:80:01.0', 'max_link_width', '0');
	const pair = await verdict(root, '01:00.0', '81:01.0');
	t.is(pair.kernel.mapType, 'unknown');
	t.deepEqual(pair.missing, ['0000:80:01.0 port type']);
});

test('Hygon is not AMD', async (t) => {
	const root = twoRoots(t);
	file(root, 'proc/cpuinfo', 'vendor_id\t: HygonGenuine\ncpu family\t: 24\n');
	t.is((await verdict(root, ...ends)).kernel.mapType, 'not-supported');
});

test('without a CPU the answer waits, unless the list has it', async (t) => {
	const root = twoRoots(t);
	file(root, 'proc/cpuinfo', '');
	const pair = await verdict(root, ...ends);
	t.is(pair.verdict, 'unknown');
	t.deepEqual(pair.missing, ['CPU']);
	hostBridge(root, '8086:09a2');
	t.is((await verdict(root, ...ends)).kernel.mapType, 'thru-host-bridge');
});

test('without a kernel release the answer waits', async (t) => {
	const root = twoRoots(t);
	release(root, '');
	t.is((await verdict(root, ...ends)).verdict, 'unknown');
});
