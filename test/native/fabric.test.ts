// SPDX-License-Identifier: MIT
// What the hardware does with requests and completions, decided where the routes part.

import test, {type ExecutionContext} from 'ava';
import {attribute, cut, file, machine, poke, verdict} from '../helpers/machine.ts';

const client = '0000:03:00.0';
const provider = '0000:04:00.0';

const ports = (t: ExecutionContext, ours: string, theirs: string, head = 'machine cpu=EPYC') =>
	machine(
		t,
		`
		${head}
		root-port
		  upstream
		    downstream acs=${ours}
		      function
		    downstream acs=${theirs}
		      function
		`,
	);

const table = [
	// client's port, provider's port, requests, completions
	['0', '0', 'direct', 'direct'],
	['rr', '0', 'redirected', 'direct'],
	['cr', '0', 'direct', 'direct'],
	['0', 'rr', 'direct', 'direct'],
	['0', 'cr', 'direct', 'redirected'],
	['rr,cr', 'rr,cr', 'redirected', 'redirected'],
] as const;

for (const [ours, theirs, request, completion] of table) {
	test(`ports with ${ours} and ${theirs}: requests ${request}, completions ${completion}`, async (t) => {
		const {fabric} = await verdict(ports(t, ours, theirs), client, provider);
		t.like(fabric, {request, completion, turnsAt: '0000:01:00.0'});
		t.deepEqual(fabric.route, ['0000:02:00.0', '0000:01:00.0', '0000:02:01.0']);
	});
}

test('the culprits are named with the bits that count on their side', async (t) => {
	const {fabric} = await verdict(ports(t, 'rr,cr,sv', 'rr,cr,sv'), client, provider);
	t.deepEqual(fabric.culprits, [
		{bdf: '0000:02:00.0', bits: ['rr']},
		{bdf: '0000:02:01.0', bits: ['cr']},
	]);
});

test('where opinions differ the worse wins', async (t) => {
	const pair = await verdict(ports(t, 'cr', '0'), client, provider);
	t.is(pair.fabric.request, 'direct');
	t.is(pair.verdict, 'through-root');
});

// The vector lies at 0x108; the ports' numbers are 0 and 1.
const egress = [
	['ec', 0b10, 'blocked', 'no'],
	['ec', 0b01, 'direct', 'through-root'],
	['rr,ec', 0b10, 'redirected', 'through-root'],
	['rr,ec', 0b01, 'direct', 'through-root'],
] as const;
for (const [acs, vector, request, word] of egress) {
	test(`egress control by ${acs} and vector ${vector}: requests ${request}`, async (t) => {
		const root = ports(t, acs, '0');
		poke(root, '0000:02:00.0', 0x108, [vector]);
		const pair = await verdict(root, client, provider);
		t.is(pair.fabric.request, request);
		t.is(pair.verdict, word);
	});
}

test('nested switches part at the upper one', async (t) => {
	const root = machine(
		t,
		`
		root-port
		  upstream
		    downstream acs=0
		      function
		    downstream acs=0
		      upstream
		        downstream acs=rr,cr
		          function
		`,
	);
	const {fabric} = await verdict(root, '0000:06:00.0', '0000:03:00.0');
	t.like(fabric, {request: 'direct', completion: 'direct', turnsAt: '0000:01:00.0'});
});

test('without a common bridge the root complex is the way', async (t) => {
	const root = machine(t, 'machine cpu=EPYC\nroot-port\n  function\nroot-port\n  function');
	const {fabric} = await verdict(root, '01:00.0', '02:00.0');
	t.like(fabric, {request: 'through-root', completion: 'through-root', turnsAt: null});
	t.deepEqual(fabric.route, ['0000:00:01.0', '0000:00:02.0']);
});

test('functions of one device part inside it', async (t) => {
	const root = machine(t, 'root-port\n  function functions=2');
	const pair = await verdict(root, '01:00.0', '01:00.1');
	t.is(pair.fabric.request, 'direct');
	t.is(pair.kernel.mapType, 'not-supported');
});

test('a conventional bus has no redirect', async (t) => {
	const root = machine(t, 'root-port\n  bridge\n    edu\n    edu');
	t.like((await verdict(root, '02:01.0', '02:02.0')).fabric, {
		request: 'direct',
		completion: 'direct',
		turnsAt: '0000:01:00.0',
	});
});

test('an unread port leaves its own direction open', async (t) => {
	const root = ports(t, '0', '0');
	cut(root, '0000:02:01.0');
	const {fabric} = await verdict(root, client, provider);
	t.like(fabric, {request: 'direct', completion: 'unknown'});
});

for (const [what, path, text] of [
	[
		'by its CPU',
		'proc/cpuinfo',
		'vendor_id\t: AuthenticAMD\ncpu family\t: 23\nflags\t: hypervisor\n',
	],
	['by its vendor', 'sys/class/dmi/id/sys_vendor', 'QEMU\n'],
] as const) {
	test(`a guest known ${what} has no fabric to look at`, async (t) => {
		const root = ports(t, '0', '0');
		file(root, path, text);
		const pair = await verdict(root, client, provider);
		t.is(pair.verdict, 'unknown');
		t.is(pair.kernel.mapType, 'bus-addr');
		t.deepEqual(pair.missing, ['hardware behind the guest']);
	});
}

test('a machine of p2p-lab is taken as hardware', async (t) => {
	const root = ports(t, '0', '0');
	file(root, 'sys/class/dmi/id/sys_vendor', 'QEMU\n');
	file(root, 'sys/class/dmi/id/product_name', 'p2p-lab\n');
	t.is((await verdict(root, client, provider)).verdict, 'direct');
});

test('conditions of life are told, whatever the route', async (t) => {
	const root = ports(t, '0', '0');
	poke(root, client, 0x04, [0x02]);
	poke(root, provider, 0x04, [0x00]);
	attribute(root, provider, 'power_state', 'D3hot');
	attribute(root, client, 'current_link_speed', '8.0 GT/s PCIe');
	const {fabric} = await verdict(root, client, provider);
	t.deepEqual(fabric.conditions, [
		{code: 'link-below-max', bdf: client, now: '8GT/s×16', max: '16GT/s×16', port: '0000:02:00.0'},
		{code: 'bus-master-off', bdf: client},
		{code: 'd-state', bdf: provider, state: 'D3hot'},
		{code: 'memory-off', bdf: provider},
	]);
});

test('a function that is gone is said to be', async (t) => {
	const root = ports(t, '0', '0');
	poke(
		root,
		provider,
		0,
		Array.from({length: 4096}, () => 0xff),
	);
	const pair = await verdict(root, client, provider);
	t.is(pair.verdict, 'unknown');
	t.true(pair.fabric.conditions.some(({code, bdf}) => code === 'gone' && bdf === provider));
});
