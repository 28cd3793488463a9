// SPDX-License-Identifier: MIT
// IOMMU groups from ports and their ACS, on drawings; the lab compares them with the kernel's.

import test, {type ExecutionContext} from 'ava';
import {type Groups, native} from '../../lib/native.ts';
import {cut, machine} from '../helpers/machine.ts';

/** Predicted groups of the functions below root ports, without those of one member unless asked. */
function sets({functions}: Groups): string[][] {
	const groups = new Map<number, string[]>();
	for (const {bdf, predicted} of functions) {
		if (predicted === null) continue;
		groups.set(predicted, [...(groups.get(predicted) ?? []), bdf]);
	}
	return [...groups.values()];
}

async function groupsOf(t: ExecutionContext, drawing: string): Promise<string[][]> {
	const root = machine(t, `machine iommu=intel\n${drawing}`);
	return sets(await native.groups({root}));
}

test('a root port with all of ACS keeps what is below it apart', async (t) => {
	const groups = await groupsOf(t, 'root-port acs=sv,rr,cr,uf\n  nvme');
	t.true(groups.some((group) => group.length === 1 && group[0]?.endsWith('01:00.0')));
});

test('a root port with redirect off shares a group with all below it', async (t) => {
	const groups = await groupsOf(t, 'root-port acs=sv,uf\n  upstream\n    downstream\n      nvme');
	const whole = groups.find((group) => group.includes('0000:03:00.0'));
	t.deepEqual(whole, ['0000:00:01.0', '0000:01:00.0', '0000:02:00.0', '0000:03:00.0']);
});

test('a downstream port without ACS is in the group of its function, its neighbour is not', async (t) => {
	const groups = await groupsOf(
		t,
		'root-port acs=sv,rr,cr,uf\n  upstream\n    downstream acs=-\n      nvme\n    downstream acs=-\n      nvme',
	);
	t.true(groups.some((it) => it.join() === '0000:02:00.0,0000:03:00.0'));
	t.true(groups.some((it) => it.join() === '0000:02:01.0,0000:04:00.0'));
	t.true(groups.some((it) => it.join() === '0000:01:00.0'));
});

test('all on a conventional bus are one group with its bridge', async (t) => {
	const groups = await groupsOf(t, 'root-port acs=sv,rr,cr,uf\n  bridge\n    edu\n    edu');
	const whole = groups.find((group) => group.includes('0000:01:00.0'));
	t.is(whole?.length, 3);
});

test('functions of one device share a group unless its ACS parts them', async (t) => {
	const together = await groupsOf(t, 'root-port acs=sv,rr,cr,uf\n  function functions=3 acs=-');
	t.is(together.find((it) => it.includes('0000:01:00.0'))?.length, 3);
	const apart = await groupsOf(
		t,
		'root-port acs=sv,rr,cr,uf\n  function functions=3 acs=sv,rr,cr,uf',
	);
	t.is(apart.find((it) => it.includes('0000:01:00.0'))?.length, 1);
});

test('where a port was not read there is no prediction, and no difference', async (t) => {
	const root = machine(
		t,
		'machine iommu=intel\nroot-port acs=sv,rr,cr,uf\n  upstream\n    downstream\n      nvme',
	);
	for (const bdf of ['00:01.0', '01:00.0', '02:00.0', '03:00.0']) cut(root, `0000:${bdf}`);
	const {functions, differences} = await native.groups({root});
	t.is(functions.find(({bdf}) => bdf === '0000:03:00.0')?.predicted, null);
	t.deepEqual(differences, []);
});

test('without an IOMMU there are no groups', async (t) => {
	const root = machine(t, 'machine iommu=none\nroot-port\n  nvme');
	t.deepEqual(sets(await native.groups({root})), []);
});

test('--fix says which groups would merge', async (t) => {
	const root = machine(
		t,
		[
			'machine iommu=intel',
			'root-port acs=sv,rr,cr,uf',
			'  upstream',
			'    downstream acs=sv,rr,cr,uf',
			'      nvme',
			'    downstream acs=sv,rr,cr,uf',
			'      nvme',
		].join('\n'),
	);
	const {merged} = await native.fix({root}, '03:00.0', '04:00.0');
	t.deepEqual(merged, [
		['0000:02:00.0', '0000:03:00.0'],
		['0000:02:01.0', '0000:04:00.0'],
	]);
});
