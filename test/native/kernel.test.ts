// SPDX-License-Identifier: MIT
// The kernel's verdict: what calc_map_type_and_dist() says of drawn machines, case by case.

import test, {type ExecutionContext} from 'ava';
import {cut, machine, makeVirtual, poke, release, verdict} from '../helpers/machine.ts';

// 01:00.0 upstream, 02:00.0 and 02:01.0 its ports, 03:00.0 and 04:00.0 the ends.
const oneSwitch = (t: ExecutionContext, acs: string, head = 'machine cpu=Skylake-Server') =>
	machine(
		t,
		`
		${head}
		root-port
		  upstream
		    downstream ${acs}
		      function
		    downstream acs=0
		      ram 64M
		`,
	);

const client = '0000:03:00.0';
const provider = '0000:04:00.0';

test('two functions below one switch without redirect reach each other by bus address', async (t) => {
	const root = oneSwitch(t, '');
	const {verdict: word, kernel} = await verdict(root, client, provider);
	t.is(word, 'direct');
	t.deepEqual(kernel, {mapType: 'bus-addr', distance: 4, redirects: [], hostBridge: null, log: []});
});

for (const bit of ['rr', 'cr', 'ec']) {
	test(`${bit} on a port between sends peers to the root complex`, async (t) => {
		const {kernel} = await verdict(oneSwitch(t, `acs=${bit}`), client, provider);
		t.like(kernel, {mapType: 'not-supported', distance: 4, hostBridge: '8086:29c0'});
		t.deepEqual(kernel.redirects, ['0000:02:00.0']);
	});
}

for (const bit of ['sv', 'tb', 'uf', 'dt']) {
	test(`${bit} alone redirects nothing`, async (t) => {
		const {kernel} = await verdict(oneSwitch(t, `acs=${bit}`), client, provider);
		t.like(kernel, {mapType: 'bus-addr', distance: 4, redirects: []});
	});
}

test('a Zen CPU is trusted where peers are redirected', async (t) => {
	const root = oneSwitch(t, 'acs=rr,cr', 'machine cpu=EPYC');
	const pair = await verdict(root, client, provider);
	t.is(pair.verdict, 'through-root');
	t.like(pair.kernel, {mapType: 'thru-host-bridge', redirects: ['0000:02:00.0']});
});

test('an AMD CPU before Zen is not', async (t) => {
	const {kernel} = await verdict(oneSwitch(t, 'acs=rr', 'machine cpu=max'), client, provider);
	t.is(kernel.mapType, 'not-supported');
});

test('the same ports redirect in either direction, in another order', async (t) => {
	const root = machine(
		t,
		`
		root-port
		  upstream
		    downstream acs=rr
		      function
		    downstream acs=cr
		      function
		`,
	);
	const there = await verdict(root, client, provider);
	const back = await verdict(root, provider, client);
	t.deepEqual(there.kernel.redirects, ['0000:02:01.0', '0000:02:00.0']);
	t.deepEqual(back.kernel.redirects, ['0000:02:00.0', '0000:02:01.0']);
	t.is(there.kernel.mapType, back.kernel.mapType);
});

test('bridges above the common one are not looked at', async (t) => {
	const root = machine(
		t,
		`
		root-port acs=rr,cr
		  upstream
		    downstream
		      function
		    downstream
		      function
		`,
	);
	t.is((await verdict(root, client, provider)).kernel.mapType, 'bus-addr');
});

test('ports of the lower of two switches count as well', async (t) => {
	const root = machine(
		t,
		`
		root-port acs=rr
		  upstream
		    downstream acs=0
		      near: function
		    downstream acs=0
		      upstream
		        downstream acs=cr
		          far: function
		`,
	);
	const {kernel} = await verdict(root, '0000:03:00.0', '0000:06:00.0');
	t.like(kernel, {distance: 6, redirects: ['0000:05:00.0']});
});

test('ACS has no say where the two share no bridge', async (t) => {
	const root = machine(t, 'root-port acs=rr,cr\n  function\nroot-port acs=rr,cr\n  function');
	const {kernel} = await verdict(root, '0000:01:00.0', '0000:02:00.0');
	t.deepEqual(kernel, {
		mapType: 'not-supported',
		distance: 4,
		redirects: [],
		hostBridge: '8086:29c0',
		log: [
			'cannot be used for peer-to-peer DMA as the client and provider (0000:02:00.0) do not share an upstream bridge or whitelisted host bridge',
		],
	});
});

test('a root port counts where it is the common bridge, once', async (t) => {
	const root = machine(t, 'root-port\n  function functions=2');
	const {kernel} = await verdict(root, '0000:01:00.0', '0000:01:00.1');
	t.like(kernel, {mapType: 'not-supported', distance: 2, redirects: ['0000:00:01.0']});
});

test('a function and itself are at distance 0, unless it redirects', async (t) => {
	const root = machine(t, 'root-port\n  function\nroot-port\n  function acs=rr');
	t.like((await verdict(root, '0000:01:00.0', '0000:01:00.0')).kernel, {
		mapType: 'bus-addr',
		distance: 0,
	});
	t.like((await verdict(root, '0000:02:00.0', '0000:02:00.0')).kernel, {
		mapType: 'not-supported',
		distance: 0,
		redirects: ['0000:02:00.0'],
	});
});

test('a virtual function hangs where its physical one does', async (t) => {
	const root = machine(t, 'root-port acs=0\n  function functions=2');
	makeVirtual(root, '0000:01:00.1', '0000:01:00.0');
	t.like((await verdict(root, '0000:01:00.0', '0000:01:00.1')).kernel, {
		mapType: 'bus-addr',
		distance: 2,
	});
});

test('functions of the root complex share no bridge', async (t) => {
	const root = machine(t, 'machine cpu=EPYC\nfunction\nfunction');
	t.like((await verdict(root, '0000:00:01.0', '0000:00:02.0')).kernel, {
		mapType: 'thru-host-bridge',
		distance: 2,
	});
});

test('conventional bridges are hops that never redirect', async (t) => {
	const root = machine(t, 'root-port acs=rr\n  bridge\n    edu\n    edu');
	t.like((await verdict(root, '0000:02:01.0', '0000:02:02.0')).kernel, {
		mapType: 'bus-addr',
		distance: 2,
		redirects: [],
	});
});

test('other domains share no bridge, and one Zen CPU is trusted across them', async (t) => {
	const root = machine(
		t,
		'machine cpu=EPYC-Genoa\nroot-port\n  function\nhost-bridge domain=1\n  root-port\n    function',
	);
	t.like((await verdict(root, '0000:01:00.0', '0001:01:00.0')).kernel, {
		mapType: 'thru-host-bridge',
		distance: 4,
	});
});

test('a kernel before 4.20 has no peer-to-peer at all', async (t) => {
	const root = oneSwitch(t, '');
	release(root, '4.19.0-27-amd64');
	const pair = await verdict(root, client, provider);
	t.is(pair.verdict, 'no');
	t.like(pair.kernel, {mapType: 'not-supported', distance: 4, hostBridge: null, log: []});
});

// reference cases of the lab, by number
const leaves = [
	'root-port',
	'  upstream',
	'    downstream',
	'      nvme cmb=16M',
	'    downstream',
	'      nvme',
	'root-port',
	'  nvme',
].join('\n');
const twoFunctions = 'root-port\n  nvme functions=2';
const lab: readonly (readonly [string, string, string, string, string, string, number])[] = [
	['L1', 'machine iommu=none cpu=max', leaves, '03:00.0', '04:00.0', 'bus-addr', 4],
	['L2', 'machine iommu=none cpu=max', leaves, '05:00.0', '03:00.0', 'not-supported', 6],
	['L3', 'machine iommu=none cpu=EPYC', leaves, '05:00.0', '03:00.0', 'thru-host-bridge', 6],
	['L4', 'machine cpu=EPYC', leaves, '05:00.0', '03:00.0', 'thru-host-bridge', 6],
	['L5', 'machine cpu=max', leaves, '03:00.0', '04:00.0', 'bus-addr', 4],
	['L6', 'machine iommu=none', twoFunctions, '01:00.1', '01:00.0', 'bus-addr', 2],
	['L7', 'machine cpu=max', twoFunctions, '01:00.1', '01:00.0', 'not-supported', 2],
	['L8', 'machine cpu=EPYC', twoFunctions, '01:00.1', '01:00.0', 'thru-host-bridge', 2],
];
for (const [name, head, drawing, a, b, mapType, distance] of lab) {
	test(`${name} says ${mapType} at distance ${distance}`, async (t) => {
		const {kernel} = await verdict(machine(t, `${head}\n${drawing}`), a, b);
		t.like(kernel, {mapType, distance});
	});
}

test('L9 and L10: ACS cleared by parameter, wholly and but for RR and CR', async (t) => {
	const whole = machine(t, 'machine cpu=EPYC\nroot-port acs=0\n  nvme functions=2');
	t.is((await verdict(whole, '01:00.0', '01:00.1')).kernel.mapType, 'bus-addr');
	const partly = machine(t, 'machine cpu=EPYC\nroot-port acs=rr,cr\n  nvme functions=2');
	t.is((await verdict(partly, '01:00.0', '01:00.1')).kernel.mapType, 'thru-host-bridge');
});

test('what cannot be read is not taken for absent', async (t) => {
	const root = oneSwitch(t, '');
	cut(root, '0000:02:00.0');
	const pair = await verdict(root, client, provider);
	t.is(pair.verdict, 'unknown');
	t.deepEqual(pair.missing, ['0000:02:00.0 ACS']);
	t.is(pair.kernel.mapType, 'unknown');
	t.is(pair.kernel.distance, 4);
});

test('256 bytes of an Express function are cut short, of a conventional one whole', async (t) => {
	const root = oneSwitch(t, '');
	cut(root, '0000:02:00.0', 256);
	t.deepEqual((await verdict(root, client, provider)).missing, ['0000:02:00.0 ACS']);
	t.is((await verdict(root, provider, provider)).kernel.mapType, 'bus-addr');
});

test('a redirect that is known decides, whatever else could not be read', async (t) => {
	const root = oneSwitch(t, 'acs=rr', 'machine cpu=EPYC');
	cut(root, '0000:02:01.0');
	const pair = await verdict(root, client, provider);
	t.is(pair.kernel.mapType, 'thru-host-bridge');
	t.deepEqual(pair.missing, ['0000:02:01.0 ACS']);
});

test('a root port below an upstream port is a downstream port', async (t) => {
	const root = oneSwitch(t, 'acs=rr');
	poke(root, '0000:02:00.0', 0x42, [0x42]);
	t.deepEqual((await verdict(root, client, provider)).kernel.redirects, ['0000:02:00.0']);
});

test('the log is the kernel’s: the host bridge is named only where a port redirects', async (t) => {
	const redirected = await verdict(oneSwitch(t, 'acs=rr,cr'), client, provider);
	t.deepEqual(redirected.kernel.log, [
		`ACS redirect is set between the client and provider (${provider})`,
		'to disable ACS redirect for this path, add the kernel parameter: pci=disable_acs_redir=0000:02:00.0',
		'Host bridge not in P2PDMA whitelist: 8086:29c0',
		`cannot be used for peer-to-peer DMA as the client and provider (${provider}) do not share an upstream bridge or whitelisted host bridge`,
	]);
	const apart = machine(t, 'machine cpu=Nehalem\nroot-port\n  nvme\nroot-port\n  ram 1M');
	const {kernel} = await verdict(apart, '0000:01:00.0', '0000:02:00.0');
	t.deepEqual(kernel.log, [
		'cannot be used for peer-to-peer DMA as the client and provider (0000:02:00.0) do not share an upstream bridge or whitelisted host bridge',
	]);
});
