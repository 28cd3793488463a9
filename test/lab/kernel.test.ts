// SPDX-License-Identifier: MIT
// p2p-check against the kernel itself: a return probe on calc_map_type_and_dist() tells what
// drivers/pci/p2pdma.c decides for a pair when p2pmem I/O asks it.

import test from 'ava';
import {boot, type Guest} from '../../lab/boot.ts';

const names: Readonly<Record<string, string>> = {
	'0x2': 'not-supported',
	'0x3': 'bus-addr',
	'0x4': 'thru-host-bridge',
};

type Case = {
	readonly title: string;
	readonly client: string;
	readonly provider: string;
	readonly expected: string;
};

const drawing = `
	root-port
	  upstream
	    downstream
	      a: nvme size=16M cmb=16M
	    downstream
	      b: nvme size=16M
	root-port
	  c: nvme size=16M
	root-port
	  m: nvme size=16M cmb=16M functions=2
`;

const machines: readonly {
	readonly name: string;
	readonly words: string;
	readonly cases: readonly Case[];
}[] = [
	{
		name: 'no IOMMU',
		words: 'machine cpu=max iommu=none',
		cases: [
			{title: 'L1 one switch', client: 'b', provider: 'a', expected: 'bus-addr'},
			{title: 'L2 two root ports', client: 'c', provider: 'a', expected: 'not-supported'},
			{title: 'L6 two functions', client: 'm.1', provider: 'm', expected: 'bus-addr'},
		],
	},
	{
		name: 'no IOMMU, AMD',
		words: 'machine cpu=EPYC iommu=none',
		cases: [{title: 'L3 two root ports', client: 'c', provider: 'a', expected: 'thru-host-bridge'}],
	},
	{
		name: 'IOMMU',
		words: 'machine cpu=max',
		cases: [{title: 'L7 two functions', client: 'm.1', provider: 'm', expected: 'not-supported'}],
	},
	{
		name: 'IOMMU, AMD',
		words: 'machine cpu=EPYC',
		cases: [
			{title: 'L4 two root ports', client: 'c', provider: 'a', expected: 'thru-host-bridge'},
			{title: 'L5 one switch', client: 'b', provider: 'a', expected: 'bus-addr'},
			{title: 'L8 two functions', client: 'm.1', provider: 'm', expected: 'thru-host-bridge'},
		],
	},
	{
		name: 'IOMMU, AMD, disable_acs_redir',
		words: 'machine cpu=EPYC kernel="pci=disable_acs_redir=pci:1b36:000c"',
		cases: [{title: 'L9 two functions', client: 'm.1', provider: 'm', expected: 'bus-addr'}],
	},
	{
		name: 'IOMMU, AMD, config_acs',
		words: 'machine cpu=EPYC kernel="pci=config_acs=x110x@pci:1b36:000c"',
		cases: [
			{title: 'L10 two functions', client: 'm.1', provider: 'm', expected: 'thru-host-bridge'},
		],
	},
];

for (const {name, words, cases} of machines) {
	test.serial(`${name}: p2p-check says what the kernel says`, async (t) => {
		const guest = await boot(`${words}\n${drawing.replaceAll(/^\t/gm, '')}`);
		try {
			await guest.run(probe);
			for (const {title, client, provider, expected} of cases) {
				const clientBdf = bdfOf(guest, client);
				const providerBdf = bdfOf(guest, provider);
				const kernel = await askKernel(guest, clientBdf, providerBdf);
				t.is(kernel.mapType, expected, `${title}: the kernel, as the lab has seen it before`);
				const {stdout} = await guest.run(`p2p-check --json ${clientBdf} ${providerBdf}`);
				const ours = JSON.parse(stdout).pairs[0].kernel;
				t.is(ours.mapType, kernel.mapType, title);
				t.is(ours.distance, kernel.distance, title);
				if (kernel.redirects !== undefined) t.deepEqual(ours.redirects, kernel.redirects, title);
			}
		} finally {
			await guest.stop();
		}
	});
}

// The entry's arguments are seen in the return probe: dist is the third.
const probe =
	"cd /sys/kernel/tracing && echo 'r:verdict calc_map_type_and_dist type=$retval:x32 dist=+0($arg3):s32' > kprobe_events && echo 1 > events/kprobes/verdict/enable";

/** 'm.1' is function 1 of m. */
function bdfOf(guest: Guest, name: string): string {
	const [label = '', number] = name.split('.');
	const bdf = guest.env[label] ?? '';
	return number === undefined ? bdf : bdf.replace(/\d$/, number);
}

type Kernel = {mapType: string | undefined; distance: number; redirects?: string[]};

async function askKernel(guest: Guest, client: string, provider: string): Promise<Kernel> {
	await guest.run('echo > /sys/kernel/tracing/trace; dmesg -C');
	const disk = `/dev/$(ls /sys/bus/pci/devices/${client}/nvme/nvme*/ | grep -m1 '^nvme.*n1$' | sed 's/c[0-9]*n/n/')`;
	await guest.run(`native/build/Release/p2pmem ${provider} ${disk}`);
	const {stdout: trace} = await guest.run('cat /sys/kernel/tracing/trace');
	const [, type = '', distance] = /verdict:.* type=(\w+) dist=(-?\d+)/.exec(trace) ?? [];
	const log = await guest.dmesg();
	const [, redirects] =
		/disable_acs_redir=([\w:.;]+)/.exec(log.replaceAll(/Command line.*/g, '')) ?? [];
	return {
		mapType: names[type],
		distance: Number(distance),
		...(redirects === undefined ? {} : {redirects: redirects.split(';')}),
	};
}
